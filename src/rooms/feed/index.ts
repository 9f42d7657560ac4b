/** The feed's door: what people and agents say to each other, kept in the ledger. */
import { beat, halt, mirrors, resume, segments, take } from "./mirrors.ts";
import { append, importPost } from "./posts.ts";
import { read } from "./reads.ts";

export { readMarkers } from "./markers.ts";

export const operations = { append, read, importPost, take, beat, halt, resume, mirrors, segments };
