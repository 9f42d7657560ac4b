import { get } from "node:http";

/**
 * Looks at a health URL from a process of its own, and tells at the end of its input what it saw: for how
 * long it was down, and how far two looks that follow each other were apart at the most.
 */
const [url, ...right] = process.argv.slice(2) as [string, ...string[]];
const looks: { sent: number; isRight: boolean }[] = [];
let isOver = false;
process.stdin.on("end", () => (isOver = true)).resume();

function look(): Promise<boolean> {
  return new Promise((done) => {
    const request = get(url, { agent: false, timeout: 30_000 }, (answer) => {
      let body = "";
      answer.on("data", (part) => (body += part));
      answer.on("end", () => done(answer.statusCode === 200 && right.some((one) => body.includes(one))));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => done(false));
  });
}

process.stdout.write("looking\n");
while (!isOver) {
  const sent = performance.now();
  looks.push({ sent, isRight: await look() });
  await new Promise((done) => setTimeout(done, 3));
}
const first = looks.findIndex(({ isRight }) => !isRight);
const last = looks.findLastIndex(({ isRight }) => !isRight);
const up = looks[last + 1];
const down = first < 0 ? 0 : up === undefined ? null : Math.round(up.sent - looks[first]!.sent);
const late = Math.max(...looks.slice(1).map(({ sent }, at) => sent - looks[at]!.sent));
process.stdout.write(`${JSON.stringify({ down, late: Math.round(late) })}\n`);
