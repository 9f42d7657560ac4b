import { hostname } from "node:os";
import { version } from "../../version.ts";
import type { World } from "../../world.ts";
import type { Started } from "./start.ts";

export async function greeting({ url, world, first }: Started): Promise<string> {
  const link = await signInLink(world, url);
  const seat = `CLAUDE-CLI-${hostname()
    .split(".")[0]!
    .replace(/[^A-Za-z0-9-]/g, "")}-MAIN-01`;
  return `
Longwatch ${version} serves at ${url}

  Sign in (once, within 15 minutes):
    ${link}

  Connect an agent${first ? " (your first)" : ""}:
    npx longwatch seat adopt --name ${seat} --role implementer
    claude mcp add --transport http longwatch ${url}/mcp --header "Authorization: Bearer <its token>"

  Watch a fleet at work:
    npm run demo

  Ctrl-C stops it. Nothing is sent anywhere else.
`;
}

async function signInLink(world: World, url: string): Promise<string> {
  const issued = await world.door.sayInside(world.home_tenant_id, "operator", "token.issue", { scope: "sign_in" });
  return `${url}/sign-in?code=${(issued.output as { token: string }).token}`;
}
