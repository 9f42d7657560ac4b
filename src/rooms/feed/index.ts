/** The feed's door: what people and agents say to each other, kept in the ledger. */
import { beat, halt, mirrors, resume, segments, take } from "./mirrors.ts";
import { list as listAdoptions, settleOne as settleAdoption, survey as surveyAdoptions } from "./pitches/adopting.ts";
import { list as listPitches, make as makePitch, respond, show as showPitch } from "./pitches/pitching.ts";
import { page } from "./pages.ts";
import { append, importPost } from "./posts.ts";
import { read } from "./reads.ts";

export { credentialsIn } from "./credential_words.ts";
export { narrated } from "./posts.ts";
export { readMarkers } from "../tickets/index.ts";

export const operations = {
  append,
  read,
  page,
  importPost,
  makePitch,
  respond,
  listPitches,
  showPitch,
  listAdoptions,
  settleAdoption,
  surveyAdoptions,
  take,
  beat,
  halt,
  resume,
  mirrors,
  segments,
};
