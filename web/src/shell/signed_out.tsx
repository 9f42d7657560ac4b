/** For whoever has no session, or one that ended. */
export function SignedOut() {
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <div className="max-w-md rounded-xl border border-line bg-card p-8 shadow-card">
        <img src="/icon.svg" alt="" className="mb-4 size-10" />
        <h1 className="mb-2 text-xl font-semibold">Sign in to Longwatch</h1>
        <p className="text-ink-2">Signing in takes a link that works once. Make one on the server’s machine:</p>
        <pre className="my-4 overflow-x-auto rounded-md bg-sunken p-3 font-mono text-sm">npx longwatch sign-in</pre>
        <p className="text-sm text-ink-3">
          In a clone: npm run longwatch -- sign-in. Then open the link in this browser.
        </p>
      </div>
    </main>
  );
}
