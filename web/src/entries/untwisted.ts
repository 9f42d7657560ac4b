/** What begins a change of the reading direction, and what ends it (UAX 9, explicit formatting characters). */
const ENDS: Record<string, string> = {
  "\u202A": "\u202C",
  "\u202B": "\u202C",
  "\u202D": "\u202C",
  "\u202E": "\u202C",
  "\u2066": "\u2069",
  "\u2067": "\u2069",
  "\u2068": "\u2069",
};

/** The same text, and behind it an end for each change of direction that it leaves open: our words follow it. */
export function untwisted(text: string): string {
  const open: string[] = [];
  for (const letter of text)
    if (letter in ENDS) open.push(ENDS[letter]!);
    else if (letter === "\u202C" && open.at(-1) === letter) open.pop();
    // The end of an isolate ends what was begun within it too.
    else if (letter === "\u2069" && open.includes(letter)) open.length = open.lastIndexOf(letter);
  return text + open.reverse().join("");
}
