import { ShieldQuestion } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { Copyable } from "../../ui/copyable.tsx";

/** The port that a server listens on when nobody says another. */
const PORT = "4780";

/** For a browser that gives this page no WebCrypto: why, and the three ways to a proof all the same. */
export function NoMeans() {
  const { host, hostname, protocol } = location;
  const port = location.port || (protocol === "https:" ? "443" : "80");
  const { data } = useQuery(asked("/v1/seat/whoami"));
  const checkpoint = useQuery(asked("/v1/ledger/checkpoint"));
  const key = checkpoint.data?.vkeys.at(-1) ?? "KEY";
  const log = `${location.origin}/ledger/${data?.tenant ?? "home"}`;
  return (
    <section aria-label="Verdict" role="status" className="rounded-xl border border-warn/40 bg-warn-soft px-5 py-4">
      <div className="flex gap-4">
        <ShieldQuestion aria-hidden className="size-9 shrink-0 text-warn" strokeWidth={1.5} />
        <div className="min-w-0 max-w-prose">
          <p className="text-lg font-semibold tracking-tight">This page cannot check anything here</p>
          <p className="text-sm text-ink-2">
            Browsers give a page the means to check hashes and signatures only over HTTPS, or on the server’s own
            machine; this is plain HTTP to {hostname}. So nothing below is proven, and whoever sits between could change
            what you see. Any of these mends it:
          </p>
        </div>
      </div>
      <ol className="mt-4 grid gap-4 text-sm text-ink-2 lg:grid-cols-3">
        <Way title="Verify without a browser" text={`npx longwatch ledger verify --url "${log}" --key "${key}"`}>
          Where it runs matters: on a machine that you trust, with the key that you wrote down when the server began.
        </Way>
        <Way title="Come through an SSH tunnel" text={`ssh -N -L ${PORT}:${hostname}:${port} ${hostname}`}>
          Then open http://localhost:{PORT}/ledger in this browser and sign in there.
        </Way>
        <Way title="Put HTTPS in front" text={`caddy reverse-proxy --from ${hostname} --to 127.0.0.1:${port}`}>
          Caddy is one of many that do; then open https://{host.replace(`:${port}`, "")}/ledger.
        </Way>
      </ol>
    </section>
  );
}

function Way({ title, text, children }: { title: string; text: string; children: React.ReactNode }) {
  return (
    <li className="flex min-w-0 flex-col">
      <p className="font-medium text-ink">{title}</p>
      <p className="mb-1.5">{children}</p>
      <Copyable text={text} label={`Copy: ${title}`} />
    </li>
  );
}
