/**
 * What a program that a test starts sees of our environment: where programs are and where compiled sources are kept,
 * nothing of Longwatch's or of the person's who runs the tests; and what the test gives it.
 */
export function surroundings(given: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}), ...given };
}
