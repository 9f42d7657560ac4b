import { Link } from "@tanstack/react-router";

/** For an address that no page has. */
export function NotFound() {
  return (
    <div className="py-24 text-center">
      <h1 className="text-xl font-semibold">There is no such page</h1>
      <p className="mt-2 text-ink-2">
        The address may be mistyped.{" "}
        <Link to="/" className="text-accent underline">
          Go to the watch
        </Link>
        , or press Ctrl K and look for it.
      </p>
    </div>
  );
}
