import { z } from "zod";

/**
 * What a delivery tells of merges, as GitHub and GitLab write it: pure. Only what is used is looked at; a provider may
 * add whatever it likes.
 */

export const providers = ["github", "gitlab"] as const;
export type Provider = (typeof providers)[number];

/** A commit that a branch has now, and the words that name tickets: its message, or its branch's name and title. */
export type Brought = { commit: string; words: string; branch: string | null };

export type Told =
  | { repository: string; branch: string; brought: Brought[] }
  /** Nothing that concerns a branch, in words. */
  | { why: string };

const Commits = z.array(z.object({ id: z.string(), message: z.string() })).catch([]);
const HEADS = "refs/heads/";

const GitHubPush = z.object({
  ref: z.string(),
  deleted: z.boolean().default(false),
  repository: z.object({ full_name: z.string() }),
  commits: Commits,
});
const GitHubPullRequest = z.object({
  action: z.string(),
  repository: z.object({ full_name: z.string() }),
  pull_request: z.object({
    merged: z.boolean(),
    title: z.string(),
    merge_commit_sha: z.string().nullable(),
    base: z.object({ ref: z.string() }),
    head: z.object({ ref: z.string() }),
  }),
});
const GitLabPush = z.object({
  ref: z.string(),
  checkout_sha: z.string().nullable(),
  project: z.object({ path_with_namespace: z.string() }),
  commits: Commits,
});
const GitLabMergeRequest = z.object({
  project: z.object({ path_with_namespace: z.string() }),
  object_attributes: z.object({
    state: z.string(),
    title: z.string(),
    source_branch: z.string(),
    target_branch: z.string(),
    merge_commit_sha: z.string().nullish(),
    squash_commit_sha: z.string().nullish(),
    last_commit: z.object({ id: z.string() }).nullish(),
  }),
});

type Reading = (payload: unknown) => Told | null;

const read =
  <Shape extends z.ZodType>(shape: Shape, tell: (payload: z.output<Shape>) => Told): Reading =>
  (payload) => {
    const { success, data } = shape.safeParse(payload);
    return success ? tell(data) : null;
  };

const readings: Record<Provider, Record<string, Reading>> = {
  github: {
    push: read(GitHubPush, ({ ref, deleted, repository, commits }) =>
      pushed(repository.full_name, ref, deleted ? [] : commits),
    ),
    pull_request: read(GitHubPullRequest, ({ action, repository, pull_request: { merged, ...one } }) => {
      if (action !== "closed" || !merged) return { why: "the pull request is not merged" };
      return mergedAs(repository.full_name, one.base.ref, one.head.ref, one.title, [one.merge_commit_sha]);
    }),
  },
  gitlab: {
    "Push Hook": read(GitLabPush, ({ ref, checkout_sha, project, commits }) =>
      pushed(project.path_with_namespace, ref, checkout_sha === null ? [] : commits),
    ),
    "Merge Request Hook": read(GitLabMergeRequest, ({ project, object_attributes: one }) => {
      if (one.state !== "merged") return { why: "the merge request is not merged" };
      const commits = [one.merge_commit_sha, one.squash_commit_sha, one.last_commit?.id];
      return mergedAs(project.path_with_namespace, one.target_branch, one.source_branch, one.title, commits);
    }),
  },
};

/** Reads a delivery. An event of another sort, or of a form that nobody knows, tells nothing. */
export function toldBy(provider: Provider, event: string, payload: unknown): Told {
  const reading = readings[provider][event];
  if (reading === undefined) return { why: `${event} tells nothing of merges` };
  return reading(payload) ?? { why: `${event} has not the form that ${provider} gives it` };
}

function pushed(repository: string, ref: string, commits: readonly { id: string; message: string }[]): Told {
  if (!ref.startsWith(HEADS)) return { why: `${ref} is no branch` };
  return {
    repository,
    branch: ref.slice(HEADS.length),
    brought: commits.map(({ id, message }) => broughtBy(id, message)),
  };
}

/** The words that git, GitHub and GitLab give a merge, which name the branch that came in. */
const MERGE = /^Merge (?:pull request #\d+ from [^\s/]+\/(\S+)|(?:remote-tracking )?branch '([^']+)')/;

export function broughtBy(commit: string, message: string): Brought {
  const [, byRequest, byHand] = MERGE.exec(message) ?? [];
  return { commit, words: message, branch: byRequest ?? byHand ?? null };
}

/** The first commit that there is stands for the merge. */
function mergedAs(
  repository: string,
  branch: string,
  from: string,
  title: string,
  commits: readonly (string | null | undefined)[],
): Told {
  const commit = commits.find((one) => one !== null && one !== undefined);
  if (commit === undefined) return { why: "it names no commit" };
  return { repository, branch, brought: [{ commit, words: title, branch: from }] };
}

/** Whether a commit takes another back: it names a ticket and merges nothing of it. */
export function isRevert(message: string): boolean {
  return /^Revert\b/i.test(message) || /^This reverts commit [0-9a-f]{7,64}\b/m.test(message);
}
