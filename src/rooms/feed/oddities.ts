import type { Act, Caller, World } from "../../kernel/operation.ts";
import { readMarkers, refiled, sight } from "../tickets/index.ts";

/** A post that says this filed a number without knowing whether it was free. */
const FILES = "CONFIRM-PENDING";

/** A post that came in from outside, and its act. */
type Brought = {
  caller: Caller;
  input: {
    author: string;
    said_at: string;
    source_ref: string;
    item?: string | undefined;
    subject: string;
    body: string;
    personal: boolean;
  };
  outcome: Act<unknown>;
};

/**
 * An author that nobody here is becomes an item to be settled (J6), and a filing of a number that is another's here
 * collides with it; told before the post that showed it.
 */
export async function tellOddities(world: World, posts: readonly Brought[]): Promise<void> {
  if (posts.length === 0) return;
  const { caller } = posts[0]!;
  const sightings = posts.map(({ input: { author, said_at, source_ref } }) => {
    return { actor: author, act: "posted" as const, at: said_at, source: "post.import", evidence: source_ref };
  });
  const seen = await sight(world, caller, sightings);
  const filing = posts.filter(({ input: { item, personal, body } }) => {
    return item !== undefined && !personal && readMarkers(body).some(({ marker }) => marker === FILES);
  });
  const filings = filing.map(({ input: { item, author, said_at, subject, source_ref } }) => {
    return { number: item!, seat: author, at: said_at, title: subject, source: `post.import ${source_ref}` };
  });
  const collisions = await refiled(world, caller, filings);
  for (const [index, { outcome }] of filing.entries()) outcome.events.unshift(...collisions[index]!);
  for (const [index, { outcome }] of posts.entries()) outcome.events.unshift(...seen[index]!.events);
}
