import fc from "fast-check";

const { LONGWATCH_SEED, LONGWATCH_LONG } = process.env;

/**
 * fast-check, which in `npm test` makes the same cases each time, so that a commit fails for what it changed. The long
 * forms make others each time, and LONGWATCH_SEED those of a seed: a failure names its own.
 */
fc.configureGlobal({ seed: Number(LONGWATCH_SEED ?? (LONGWATCH_LONG ? Date.now() % 2 ** 31 : 1)) });

export { fc };
