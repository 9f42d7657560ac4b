/** The landing's door: environments, who deploys to them, and what came of each deploy. */
import { begin } from "./beginning.ts";
import { handOver, release, take } from "./bindings.ts";
import { list as listCredentials, prove, register, retire } from "./credentials.ts";
import { list as listDebts, report as reportDebts } from "./debts.ts";
import { explain, list as listFindings, survey as surveyCredentials } from "./findings/findings.ts";
import { drift } from "./drift.ts";
import { define, list as listEnvironments, show as showEnvironment } from "./environments.ts";
import { list as listFailures } from "./failures.ts";
import { lapseDeploys } from "./lapsing.ts";
import { log } from "./logs.ts";
import { expected, take as takeDelivery } from "./merging/deliveries.ts";
import { close as closeHook, list as listHooks, open as openHook } from "./merging/hooks.ts";
import { list as listMerges, report as reportMerges } from "./merging/merges.ts";
import { report, reportClosure } from "./progress.ts";
import { list as listDeploys, listReleases, show as showDeploy } from "./releases.ts";
import { recover, settle } from "./settling.ts";

export { findEnvironment } from "./environments.ts";
export { watched } from "./watching.ts";

/** In the order a deploy lives them. */
export const operations = {
  define,
  listEnvironments,
  showEnvironment,
  take,
  handOver,
  release,
  begin,
  report,
  reportClosure,
  settle,
  recover,
  lapseDeploys,
  listDeploys,
  showDeploy,
  log,
  listReleases,
  listFailures,
  reportDebts,
  listDebts,
  prove,
  register,
  retire,
  listCredentials,
  surveyCredentials,
  listFindings,
  explain,
  openHook,
  closeHook,
  listHooks,
  expected,
  takeDelivery,
  reportMerges,
  listMerges,
  drift,
};
