import type { Edit } from "./edits.ts";

/** The section of a project's AGENTS.md that tells every agent, connected or not, how work goes here. */
const BEGIN = "<!-- Longwatch: begin. `longwatch disconnect` takes this section out. -->";
const END = "<!-- Longwatch: end. -->";

const SECTION = `## Longwatch

Work here goes by tickets, and what reaches production is decided when it happens.

- Claim before you change anything: \`longwatch ticket claim --lane LANE\` (tool: \`ticket_claim\`). Name the ticket in
  each commit message. End with \`longwatch ticket finish --work-proof "commit 1a2b3c4"\` (or
  \`"none - reason"\`), or give it back with \`longwatch ticket release\`.
- Where somebody has to decide: \`longwatch question ask --topic TOPIC --question "…" --ticket TICKET\`. The ticket
  waits for the answer and comes back by itself; do other work meanwhile.
- Your turn ends when no follow-on that you filed lies there for you: claim it, or name why not with
  \`longwatch turn close --reason-class capacity --reason "…"\`.
- A denied call did nothing. Its text says why, which seats are idle, and the exact command that gives the work to one
  of them: say that command. Do not look for another way to do the denied thing.
- Only implementers deploy, push to protected branches, publish or migrate. Strategists split work and dispatch it.
- \`.longwatch/\` and the hooks are the operator's. Do not change or step around them.
`;

export function agentsMdConnected(path: string): Edit {
  const change = (before: string | null) => {
    const ours = `${BEGIN}\n${SECTION}${END}\n`;
    if (before === null) return `# For agents\n\n${ours}`;
    if (before.includes(ours)) return before;
    const theirs = withoutSection(before);
    const gap = theirs === "" ? "" : theirs.endsWith("\n\n") ? "" : theirs.endsWith("\n") ? "\n" : "\n\n";
    return `${theirs}${gap}${ours}`;
  };
  return { path, what: "a section for agents", change };
}

export function agentsMdDisconnected(path: string): Edit {
  const change = (before: string | null) => (before === null ? null : withoutSection(before));
  return { path, what: "a section for agents", change };
}

function withoutSection(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin);
  if (begin < 0 || end < 0) return text;
  const head = text.slice(0, begin);
  return `${head.endsWith("\n\n") ? head.slice(0, -1) : head}${text.slice(end + END.length).replace(/^\r?\n/, "")}`;
}
