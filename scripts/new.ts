import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { roomFiles } from "./room_template.ts";

/**
 * `npm run new room <nouns> [<noun>]`: a room of the standard shape, with a table, a command, a query and a test, that
 * works at once. Change it from there. `<noun>` is needed where it is not `<nouns>` without its s.
 */
const USAGE = "usage: npm run new room NOUNS [NOUN]     for example: npm run new room goals\n";

/** Writes the room below `root` and registers it in rooms.ts. Answers the files that it wrote. */
export function newRoom(root: string, nouns: string, noun: string): string[] {
  if (!/^[a-z][a-z]{1,30}$/.test(nouns) || !/^[a-z][a-z]{1,30}$/.test(noun))
    throw new Error("A room is named by one plural noun in lower-case letters.");
  if (existsSync(join(root, "src", "rooms", nouns))) throw new Error(`There is a room ${nouns} already.`);
  const migrations = readdirSync(join(root, "migrations")).filter((name) => name.endsWith(".sql"));
  const number = String(migrations.length + 1).padStart(6, "0");
  const files = roomFiles(nouns, noun, number);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  register(join(root, "src", "rooms", "rooms.ts"), nouns);
  return [...Object.keys(files), "src/rooms/rooms.ts"];
}

/** A new room is the highest: it may use all others, and none of them uses it. */
function register(file: string, nouns: string): void {
  const lines = readFileSync(file, "utf8").split("\n");
  const mine = `import * as ${nouns} from "./${nouns}/index.ts";`;
  const doors = lines.flatMap((line, index) =>
    /^import \* as \w+ from "\.\/\w+\/index\.ts";$/.test(line) ? [index] : [],
  );
  const before = doors.find((index) => lines[index]! > mine) ?? doors.at(-1)! + 1;
  lines.splice(before, 0, mine);
  const record = lines.indexOf("export const rooms = {");
  const end = lines.indexOf("} as const;", record);
  if (doors.length === 0 || record < 0 || end < 0)
    throw new Error(`${file} is not as this script knows it; register the room by hand.`);
  lines.splice(end, 0, `  ${nouns},`);
  writeFileSync(file, lines.join("\n"));
}

function main([kind, nouns, noun]: string[]): number {
  if (kind !== "room" || nouns === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const root = fileURLToPath(new URL("../", import.meta.url));
  try {
    const written = newRoom(root, nouns, noun ?? nouns.replace(/s$/, ""));
    console.log(`${written.map((path) => `  ${path}`).join("\n")}

Next: say in its README what the room is, change its migration before it is released, then
  npm test -- ${nouns} tidy
  npm run golden`);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main(process.argv.slice(2));
