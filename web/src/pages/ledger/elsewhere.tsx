import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { Copyable } from "../../ui/copyable.tsx";

/** How somebody verifies the ledger who believes neither this page nor this server: the key, and two commands. */
export function Elsewhere() {
  const { data } = useQuery(asked("/v1/ledger/checkpoint"));
  const vkey = data?.vkeys.at(-1);
  return (
    <div className="flex flex-col gap-3 text-sm text-ink-2">
      {vkey && (
        <div>
          <p className="mb-1">
            The key that signs <span className="break-all font-mono text-ink">{data?.origin}</span>, as this server
            says. Compare it with the one that you wrote down when it began:
          </p>
          <Copyable text={vkey} label="Copy the key" />
        </div>
      )}
      <div>
        <p className="mb-1">Take the whole ledger away, and verify it on a machine that this server cannot reach:</p>
        <Copyable text="npx longwatch ledger export ledger.jsonl" label="Copy the export" />
        <div className="mt-2">
          <Copyable
            text={`npx longwatch ledger verify --file ledger.jsonl${vkey ? ` --key "${vkey}"` : ""}`}
            label="Copy the verification"
          />
        </div>
      </div>
    </div>
  );
}
