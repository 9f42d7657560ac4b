/** The error of a connection that stands and says nothing. Without a code, so that what was sent counts as begun. */
export function silent(milliseconds: number): Error {
  return new Error(`no answer in ${milliseconds / 1000} s`);
}
