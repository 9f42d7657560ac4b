import { useEffect } from "react";
import { ask } from "../api/client.ts";
import { WHO } from "../api/queries.ts";
import { isDraftKept } from "../pages/decisions/editor/draft.ts";
import { Copyable } from "../ui/copyable.tsx";

/** For whoever has no session, or one that ended. */
export function SignedOut() {
  useEffect(() => {
    document.addEventListener("visibilitychange", lookAgain);
    return () => document.removeEventListener("visibilitychange", lookAgain);
  }, []);
  return (
    <main className="grid min-h-dvh place-items-center p-4 sm:p-6">
      <title>Sign in · Longwatch</title>
      <div className="w-full max-w-lg rounded-xl border border-line bg-card p-6 shadow-card sm:p-8">
        <img src="/icon.svg" alt="" className="mb-4 size-10" />
        <h1 className="mb-1 text-xl font-semibold tracking-tight">Sign in to Longwatch</h1>
        <p className="text-ink-2">
          This browser has no session here, or it has ended. There is no password: a link signs you in, works once, and
          ends after 15 minutes.
        </p>
        {isDraftKept() && (
          <p className="mt-3 rounded-lg bg-accent-soft px-4 py-3">
            What you changed of the policy is not lost: this tab keeps it, and the policy’s page offers it when you are
            signed in again.
          </p>
        )}
        <ol className="mt-5 flex list-decimal flex-col gap-4 pl-5 marker:text-ink-3">
          <li>
            <p className="mb-1.5">On the server’s machine, say:</p>
            <Copyable text="npx longwatch sign-in" label="Copy the command" />
            <p className="mt-1.5 text-sm text-ink-3">
              In a clone: <code className="font-mono">npm run longwatch -- sign-in</code>
            </p>
          </li>
          <li>Open the link that it prints in this browser, and press the button.</li>
        </ol>
        <p className="mt-5 border-t border-line pt-4 text-sm text-ink-2">
          No access to that machine? Whoever is signed in can make you a link: Settings, “Issue a token”, “one sign-in
          in a browser”.
        </p>
      </div>
    </main>
  );
}

/**
 * The link is often opened in another tab. Whoever comes back to this one then is signed in here, too; it begins anew,
 * since what it remembers may be another person's.
 */
function lookAgain(): void {
  if (document.hidden) return;
  ask(WHO, undefined).then(
    () => location.reload(),
    () => {},
  );
}
