import {
  MutationCache,
  QueryCache,
  QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { ApiError, ask, type CommandInput, type CommandPath, type QueryInput, type QueryPath, say } from "./client.ts";

/** Who one is here: refused, the console shows the door. */
export const WHO = "/v1/seat/whoami";

/**
 * A session ends elsewhere too: by another tab, or by whoever revokes it. The first refusal tells, and who one is is
 * asked anew, so that the page gives way to the door (shell/shell.tsx) instead of standing there as if it knew.
 */
function seeWhetherSignedOut(error: Error): void {
  if (error instanceof ApiError && error.problem.status === 401) void queries.invalidateQueries({ queryKey: [WHO] });
}

/** What was asked stays good until the ledger tells of something that changes it (live/changes.ts). */
export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => {
      if (queryKey[0] !== WHO) seeWhetherSignedOut(error);
    },
  }),
  mutationCache: new MutationCache({ onError: seeWhetherSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: (failures, error) => !(error instanceof ApiError && error.problem.status in FINAL) && failures < 3,
    },
  },
});

/** Asking again gives the same answer. */
const FINAL: Readonly<Record<number, true>> = { 400: true, 401: true, 403: true, 404: true, 422: true };

/** A question as TanStack Query knows it: its key is the path and what was asked. */
export function asked<P extends QueryPath>(path: P, input?: QueryInput<P>) {
  return queryOptions({
    queryKey: [path, input ?? {}] as const,
    queryFn: ({ signal }) => ask(path, input, signal),
  });
}

/** A command that a page says; what it changes is asked anew when the ledger tells of it, and at once here. */
export function useCommand<P extends CommandPath>(path: P) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: CommandInput<P>) => say(path, input),
    onSuccess: () => client.invalidateQueries(),
  });
}
