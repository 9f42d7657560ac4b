import { argumentRunners } from "./argument_runners.ts";
import { codeHandler } from "./code.ts";
import { compiled } from "./compilers.ts";
import { containers } from "./containers.ts";
import { embedded } from "./embedded.ts";
import { filters } from "./filters.ts";
import { gitRuns } from "./git_runs.ts";
import { justfiles } from "./justfiles.ts";
import { loadingPrograms } from "./loading_programs.ts";
import { makefiles } from "./makefiles.ts";
import { optionCommands } from "./option_commands.ts";
import { packageScripts } from "./package_scripts.ts";
import type { Handler } from "./shell.ts";
import { shells } from "./shells.ts";
import { terminals } from "./terminals.ts";
import { wrappers } from "./wrappers.ts";

const known = new Map<string, Handler>([
  ...filters,
  ...wrappers,
  ...shells,
  ...argumentRunners,
  ...containers,
  ...compiled,
  ...embedded,
  ...gitRuns,
  ...packageScripts,
  ...loadingPrograms,
  ...makefiles,
  ...justfiles,
  ...terminals,
  ...optionCommands,
]);

/** Who reads on in a program's words; undefined for the many that run nothing. */
export function programs(name: string): Handler | undefined {
  return known.get(name) ?? (name.length < 64 ? codeHandler(name) : undefined);
}
