import { useNavigate } from "@tanstack/react-router";
import { useCommand } from "../../api/queries.ts";

/** Bundles the approvals that stand in no manifest yet, to be looked through at once. */
export function Bundle({ loose }: { loose: number }) {
  const navigate = useNavigate();
  const { mutate, isPending, error } = useCommand("/v1/manifest/open");
  if (loose < 2) return null;
  const open = () =>
    mutate(
      {},
      { onSuccess: ({ id }) => void navigate({ to: "/decisions/manifests/$id", params: { id: String(id) } }) },
    );
  return (
    <button type="button" disabled={isPending} onClick={open} className="text-accent hover:underline">
      {error ? error.message : `Decide ${loose} approvals at once`}
    </button>
  );
}
