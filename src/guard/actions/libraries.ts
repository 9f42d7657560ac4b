import { type Call, found, resource } from "./call.ts";
import { either } from "./either.ts";
import type { ActionName, Found, ResourceType } from "../vocabulary.ts";

/** Libraries do in code what their makers' command lines do: git without git, a cloud without its program. */
type Row = readonly [pattern: RegExp, action: ActionName, type: ResourceType, what: string];
const rows: readonly Row[] = [
  [
    either(
      /\.push\s*\(\s*["'](origin|upstream|https?:[^"']*|git@[^"']*)["']/,
      /\b(porcelain|isomorphic-git["']\)|git)\.push\s*\(\s*[{"'.]|\bremotes?\b[^;\n]{0,80}\.push\s*\(/,
      /\bdulwich\b.*\.push\s*\(/s,
      /\bgit\.(updateRef|createRef)\s*\(|\bcreateOrUpdateFileContents\s*\(|\.edit_ref\s*\(/,
      /\bget_repo\s*\([^;]*\.(update_file|create_file|delete_file|create_git_ref)\s*\(/s,
    ),
    "push",
    "branch",
    "a library that pushes",
  ],
  [
    either(
      /\bpulls\.merge\s*\(|\brepos\.merge\s*\(|\b(mergePullRequest|enablePullRequestAutoMerge)\b/,
      /\bget_pull\s*\([^;]*\.merge\s*\(|\bmergerequests\b[^;]*\.merge\s*\(/s,
    ),
    "merge",
    "branch",
    "a library that merges",
  ],
  [
    either(
      /\b(update_function_code|update_service|create_deployment|update_stack|start_pipeline_execution)\s*\(/,
      /\b(updateFunctionCode|createDeployment|updateStack|createWorkflowDispatch)\s*\(|\bECS\b.*\bupdateService\s*\(/s,
      /\b(UpdateFunctionCode|UpdateService|CreateDeployment|UpdateStack|StartPipelineExecution)Command\b/,
      /\b(patch|replace|create)_namespaced_(deployment|stateful_set|daemon_set|job)\b/,
    ),
    "deploy",
    "environment",
    "a library that deploys",
  ],
  [
    either(
      /\b(delete_bucket|delete_stack|terminate_instances|delete_db_instance|delete_namespaced_\w+)\s*\(/,
      /\b(DeleteBucket|DeleteStack|TerminateInstances|DeleteDBInstance)Command\b/,
    ),
    "delete",
    "service",
    "a library that deletes",
  ],
];

export function librariesIn(code: string, call: Call): Found[] {
  return rows.flatMap(([pattern, action, type, what]) =>
    pattern.test(code) ? [found(call, action, resource(type, null), what, false)] : [],
  );
}
