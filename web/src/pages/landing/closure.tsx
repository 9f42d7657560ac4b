import { Chip } from "../../ui/chip.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Deploy } from "./deploy_page.tsx";

/** What the patch needs and the tree lacks: nothing else explains as well why a deploy was refused. */
export function Closure({ deploy: { closure, missing, forced_by, rollback } }: { deploy: Deploy }) {
  if (closure === null) {
    if (rollback) return null;
    return (
      <Panel title="What the patch needs">
        <p className="text-ink-2">The runner has not looked yet. Nothing is run before it has.</p>
      </Panel>
    );
  }
  if (missing.length === 0)
    return (
      <Panel title="What the patch needs">
        <p>
          <Chip tone="good">whole</Chip> <span className="text-ink-2">All that it needs is there.</span>
        </p>
      </Panel>
    );
  return (
    <Panel title="What the patch lacks" aside={`${missing.length} missing`}>
      {forced_by !== null && (
        <p className="mb-3">
          <Chip tone="warn">forced</Chip>{" "}
          <span className="text-ink-2">The operator let it through in words of their own: consent {forced_by}.</span>
        </p>
      )}
      <ul className="max-h-96 divide-y divide-line overflow-y-auto" tabIndex={0} aria-label="What is missing">
        {missing.map(({ kind, name, needed_by, commit }) => (
          <li key={`${kind} ${name} ${needed_by}`} className="py-1.5">
            <Chip tone="bad">{kind}</Chip> <code className="break-all font-mono text-sm font-medium">{name}</code>
            <p className="break-all text-sm text-ink-2">
              {needed_by && <>needed by {needed_by}</>}
              {commit && <>; commit {commit.slice(0, 10)} of the source branch has it</>}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
