/** The turns' door: when a seat begins to work, when it may stop, and when it retires. */
import { close } from "./closing.ts";
import { open } from "./opening.ts";
import { show } from "./reads.ts";

export const operations = { open, close, show };
