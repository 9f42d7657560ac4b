import type { Client } from "../client/client.ts";
import { Refusal } from "../kernel/refusal.ts";

/** Prints a new one-time sign-in link for the operator. */
export async function main(
  _: string[],
  client: Client,
  stdout: (text: string) => void,
  stderr: (text: string) => void,
): Promise<number> {
  try {
    const { token } = await client.say<{ token: string }>("token.issue", { scope: "sign_in" });
    stdout(`${new URL(`/sign-in?code=${token}`, client.url)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    stderr(`refused (${error.code}): ${error.message}\n${error.hint ? `next: ${error.hint}\n` : ""}`);
    return 4;
  }
}
