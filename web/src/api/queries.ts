import { QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, ask, type CommandInput, type CommandPath, type QueryInput, type QueryPath, say } from "./client.ts";

/** What was asked stays good until the ledger tells of something that changes it (live/changes.ts). */
export const queries = new QueryClient({
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
