/** It could not be checked, which is not the same as broken. */
export class Unverifiable extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = "Unverifiable";
    this.hint = hint;
  }
}
