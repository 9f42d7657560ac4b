import { version } from "../../version.ts";
import type { World } from "../../world.ts";
import { machineName } from "../connect/seat.ts";
import type { Started } from "./start.ts";

export async function greeting({ url, world, first }: Started): Promise<string> {
  const link = await signInLink(world, url);
  const seat = `CLAUDE-CLI-${machineName()}-MAIN-01`;
  return `
Longwatch ${version} serves at ${url}

  Sign in (once, within 15 minutes):
    ${link}

  Connect an agent${first ? " (your first)" : ""}:
    npx longwatch connect claude --project DIR --seat ${seat} --role implementer
    (DIR is where it works; codex, gemini, opencode and git likewise)

  Watch a fleet at work:
    npm run demo

  Ctrl-C stops it. Nothing is sent anywhere else.
`;
}

async function signInLink(world: World, url: string): Promise<string> {
  const issued = await world.door.sayInside(world.home_tenant_id, "operator", "token.issue", { scope: "sign_in" });
  return `${url}/sign-in?code=${(issued.output as { token: string }).token}`;
}
