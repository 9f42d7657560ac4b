/** The drill's picture: how often a number that was taken without the server would have been somebody else's too. */

/** One filing: how many others were to be expected while its machine was blind, and whether one took its number. */
export type Sample = { expected: number; collided: boolean };

export type Point = { expected: number; share: number; filings: number };

/** The samples in as many buckets of like size, in the order of what was expected. */
export function pointsOf(samples: readonly Sample[], buckets: number): Point[] {
  const sorted = [...samples].sort((a, b) => a.expected - b.expected);
  const size = Math.max(1, Math.ceil(sorted.length / buckets));
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, at) => {
    const part = sorted.slice(at * size, (at + 1) * size);
    const mean = (of: (sample: Sample) => number) => part.reduce((sum, one) => sum + of(one), 0) / part.length;
    return { expected: mean((one) => one.expected), share: mean((one) => Number(one.collided)), filings: part.length };
  });
}

/** Others file at random, so the number stays one's own only if none of them does: 1 − e^(−x). */
export const closedForm = (expected: number) => 1 - Math.exp(-expected);

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [720, 420, 64, 56];
const X_MAX = 6;

export function plot(points: readonly Point[], told: string): string {
  const x = (value: number) => (LEFT + (Math.min(value, X_MAX) / X_MAX) * (WIDTH - LEFT - 24)).toFixed(1);
  const y = (value: number) => (24 + (1 - value) * (HEIGHT - 24 - BOTTOM)).toFixed(1);
  const curve = Array.from({ length: 121 }, (_, at) => (at / 120) * X_MAX).map((at) => `${x(at)},${y(closedForm(at))}`);
  const marks = [0, 0.25, 0.5, 0.75, 1].map(
    (at) =>
      `<path d="M${LEFT} ${y(at)}H${WIDTH - 24}" class="grid"/><text x="${LEFT - 8}" y="${Number(y(at)) + 4}" ` +
      `text-anchor="end">${at * 100} %</text>`,
  );
  const steps = Array.from(
    { length: X_MAX + 1 },
    (_, at) => `<text x="${x(at)}" y="${HEIGHT - 34}" text-anchor="middle">${at}</text>`,
  );
  const dots = points.map(
    ({ expected, share, filings }) =>
      `<circle cx="${x(expected)}" cy="${y(share)}" r="4">` +
      `<title>${filings} filings: ${(share * 100).toFixed(0)} %</title></circle>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>Collisions of numbers that are taken without a server</title><desc>${told}</desc>`,
    "<style>text{font:13px sans-serif;fill:#333}.grid{stroke:#ddd}.form{stroke:#06c;stroke-width:2;fill:none}" +
      ".kept{stroke:#080;stroke-width:3}circle{fill:#c30}svg{background:#fff}</style>",
    ...marks,
    ...steps,
    `<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle">` +
      "filings of others to be expected while blind (rate × time)</text>",
    `<polyline class="form" points="${curve.join(" ")}"/>`,
    ...dots,
    `<path class="kept" d="M${LEFT} ${y(0)}H${WIDTH - 24}"/>`,
    `<text x="${x(2.2)}" y="${y(0.72)}">blue: 1 − e^(−x), if each kept the number that it took</text>`,
    `<text x="${x(2.2)}" y="${y(0.65)}">red: measured, as the spools expected their numbers</text>`,
    `<text x="${x(2.2)}" y="${y(0.04)}">green: numbers given twice by Longwatch: 0</text>`,
    "</svg>\n",
  ].join("\n");
}
