import { hostname } from "node:os";
import { Client } from "../../client/client.ts";
import { settingsFor, type Settings } from "../../guard/settings.ts";
import { Refusal } from "../../kernel/refusal.ts";

/** What the person said about the seat, and where the server is. */
export type Wanted = {
  url: string;
  /** The operator's token, to adopt with. */
  operator: string | undefined;
  seat: string | undefined;
  role: string | undefined;
  /** Its role when nobody says one. */
  usual_role: string;
  lane: string | undefined;
  token: string | undefined;
  replace: boolean;
};

export type Seated = { seat: string; role: string; token: string; how: "adopted" | "given" | "kept" };
type Holder = { name: string; role: string; incarnation: string | null };

const SERVER_WAIT_SECONDS = 5;

/** The seat of a connection: that of the given token, of the one that is there and still holds, or a new one. */
export async function seated(wanted: Wanted, known: Settings | undefined, provider: string): Promise<Seated> {
  const { url, token, seat, role } = wanted;
  if (token !== undefined) {
    const holder = await holderOf(url, token);
    refuseOthers(holder, wanted);
    return { seat: holder.name, role: holder.role, token, how: "given" };
  }
  const holder = known?.token ? await holderOf(known.url, known.token).catch(worthless) : null;
  if (holder && known?.token && (seat ?? holder.name) === holder.name && (role ?? holder.role) === holder.role)
    return { seat: holder.name, role: holder.role, token: known.token, how: "kept" };
  if (holder && !wanted.replace)
    throw new Refusal("conflict", "connect.other_seat", `The agents of this place act as ${holder.name}.`, {
      hint: "Name that seat, use another worktree for another seat, or say --replace.",
      facts: { seat: holder.name, role: holder.role },
    });
  return adopted(wanted, provider);
}

async function adopted(
  { url, operator, seat, role, usual_role, lane, replace }: Wanted,
  provider: string,
): Promise<Seated> {
  const client = new Client({ url, token: operator, retryFor_seconds: SERVER_WAIT_SECONDS });
  try {
    const name = seat ?? (await freeName(client, provider, lane));
    const input = { name, role: role ?? usual_role, lane, replace };
    const answer = await client.say<{ seat: string; role: string; token: string }>("seat.adopt", input);
    return { seat: answer.seat, role: answer.role, token: answer.token, how: "adopted" };
  } finally {
    client.close();
  }
}

/** The first number of the custom `PROVIDER-SURFACE-MACHINE-LANE-NN` that nobody sits on. */
async function freeName(client: Client, provider: string, lane = "MAIN"): Promise<string> {
  const { seats } = await client.ask<{ seats: { name: string }[] }>("seat.list", { limit: 5000 });
  const taken = new Set(seats.map((one) => one.name));
  const word = lane.toUpperCase().replaceAll(/[^A-Z0-9]/g, "") || "MAIN";
  for (let number = 1; ; number++) {
    const name = `${provider}-CLI-${machineName()}-${word}-${String(number).padStart(2, "0")}`;
    if (!taken.has(name)) return name;
  }
}

/** This machine, as it stands in the names of its seats. */
export const machineName = (): string =>
  hostname()
    .split(".")[0]!
    .replace(/[^A-Za-z0-9-]/g, "");

/** The settings that stand at this very place, not those of a directory above it. */
export function settingsAt(path: string, project: string): Settings | undefined {
  const known = settingsFor(project, {}, path);
  if (known.state === "broken" && known.from === path && known.why !== "there is no token for its server")
    throw new Refusal("conflict", "connect.malformed", `${path} cannot be used: ${known.why}.`, {
      hint: "Nothing was changed. Mend or delete it, then say it again.",
    });
  return known.state === "found" && known.from === path ? known.settings : undefined;
}

async function holderOf(url: string, token: string): Promise<Holder> {
  const client = new Client({ url, token, retryFor_seconds: SERVER_WAIT_SECONDS });
  try {
    return await client.ask<Holder>("seat.whoami");
  } finally {
    client.close();
  }
}

function refuseOthers(holder: Holder, { seat, role }: Wanted): void {
  if (holder.role === "operator")
    throw new Refusal("conflict", "connect.operators_token", "That is an operator's token.", {
      hint: "An agent must not speak with a person's rights: leave --token out, and a seat is adopted for it.",
    });
  if ((seat ?? holder.name) !== holder.name || (role ?? holder.role) !== holder.role)
    throw new Refusal("conflict", "connect.other_seat", `The token is that of ${holder.name}, ${holder.role}.`, {
      hint: "Leave --seat and --role out, or the token.",
    });
}

/** A token that ended is none; a server that is away is another matter. */
function worthless(error: unknown): null {
  if (error instanceof Refusal && error.kind === "unauthenticated") return null;
  throw error;
}
