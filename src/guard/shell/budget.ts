/**
 * Reading ends: by counted work, never by a clock, so that the same command is read the same way everywhere. The
 * numbers leave room for the longest commands and scripts that agents really send, and hold a reading near 100 ms.
 */
export const limits = {
  /** A command's text; also a script's and a value's that something would run. */
  characters: 256 * 1024,
  /** Shells in shells, functions in functions, scripts in scripts. */
  nesting: 32,
  invocations: 2_000,
  /** Variables, functions or files at once: each change copies them. */
  names: 1_000,
  /** Syntax nodes visited, words expanded, characters made (by the 64). */
  steps: 100_000,
  /** A value that a variable holds; a longer one is unknown. */
  value_characters: 64 * 1024,
  /** Of an array that is written as a list; a longer one is unknown. */
  elements: 16_384,
  /** Ways that a command may have gone, followed apart; more are joined. */
  ways: 8,
  /** Rounds of a loop that are followed one by one. */
  rounds: 256,
} as const;

/** Thrown inside a reading only, and caught by `readShell`, which says so in an Unknown. */
export class Exhausted extends Error {}

export class Budget {
  private steps: number = limits.steps;

  spend(steps: number): void {
    this.steps -= steps;
    if (this.steps < 0) throw new Exhausted("this is too much to read");
  }

  /** Counts text that was made; what is too long to hold is refused by giving false. */
  holds(characters: number): boolean {
    this.spend(characters / 64);
    return characters <= limits.value_characters;
  }
}
