import { useState } from "react";
import { Copyable } from "../../ui/copyable.tsx";
import { Choice, Field, Fields } from "../../ui/field.tsx";

const programs = [
  {
    name: "Claude Code",
    target: "claude",
    surface: "CLAUDE-CLI",
    about: "Its tool calls are guarded, its turns begin with a brief, and it has the tools of this server.",
  },
  {
    name: "Codex",
    target: "codex",
    surface: "CODEX-CLI",
    about: "The same. Codex trusts no hook by itself: connecting asks it to, so codex has to be on the PATH.",
  },
  {
    name: "Gemini",
    target: "gemini",
    surface: "GEMINI-CLI",
    about: "The same. Its sub-agents are not told a name of their own.",
  },
  {
    name: "OpenCode",
    target: "opencode",
    surface: "OPENCODE-CLI",
    about: "Its tool calls are guarded by a plugin. It has no hooks for turns.",
  },
  {
    name: "git",
    target: "git",
    surface: "GIT-HOOK",
    about:
      "Hooks of the repository: a push to a protected branch needs a held ticket. In a bare one nobody skips them.",
  },
] as const;

/** Whether this browser is on the server's own machine, where the command finds the server by itself. */
const isHere = /^(localhost|127\..*|\[::1\])$/.test(location.hostname);

const roles = ["implementer", "strategist", "coordinator", "gatekeeper", "witness", "auditor", "sentinel"];

/** The command that connects an agent's program, made of what one chooses. */
export function Connect() {
  const [target, setTarget] = useState<(typeof programs)[number]["target"]>("claude");
  const [role, setRole] = useState("implementer");
  const [lane, setLane] = useState("");
  const program = programs.find((one) => one.target === target)!;
  const words = [`npx longwatch connect ${target} --project DIR`];
  if (role !== "implementer") words.push(`--role ${role}`);
  if (/^[\w.-]+$/.test(lane.trim())) words.push(`--lane ${lane.trim()}`);
  if (!isHere) words.unshift(`LONGWATCH_URL=${location.origin} LONGWATCH_TOKEN=lw_…`);
  return (
    <>
      <div role="radiogroup" aria-label="Program" className="mb-4 flex flex-wrap gap-1.5">
        {programs.map((one) => (
          <label
            key={one.target}
            className={
              "cursor-pointer rounded-md border border-line-2 px-3 py-1 text-sm has-checked:border-accent " +
              "has-checked:bg-accent-soft has-checked:font-medium has-checked:text-accent " +
              "has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
            }
          >
            <input
              type="radio"
              name="program"
              checked={one.target === target}
              onChange={() => setTarget(one.target)}
              className="sr-only"
            />
            {one.name}
          </label>
        ))}
      </div>
      <p className="mb-3 text-ink-2">{program.about}</p>
      <div className="mb-4">
        <Fields>
          <Choice label="Role" value={role} onChange={({ target: { value } }) => setRole(value)}>
            {roles.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Choice>
          <Field
            label="Lane"
            value={lane}
            placeholder="web"
            onChange={({ target: { value } }) => setLane(value)}
            hint="Which work it serves; it may be left out."
          />
        </Fields>
      </div>
      <p className="mb-1 text-sm text-ink-2">Run this in Longwatch’s directory; DIR is where the agent works:</p>
      <Copyable text={words.join(" ")} label="Copy the command" />
      {!isHere && (
        <p className="mt-3 text-sm text-ink-2">
          On another machine than the server’s it has to be told where the server is and who asks: a full token,{" "}
          <a href="#tokens">issued below</a>. The agent gets one of its own. On the server’s machine leave both out.
        </p>
      )}
      <p className="mt-3 text-sm text-ink-3">
        It adopts the next free seat {program.surface}-…, writes the hooks, and tries them before it says that it is
        done. Said again it changes nothing; npx longwatch disconnect {target} --project DIR takes it back.
      </p>
    </>
  );
}
