import type { FastifyInstance, FastifyReply } from "fastify";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { sendPage } from "./page.ts";
import { isForeign, tokenOf } from "./token.ts";

const SESSION_SECONDS = 30 * 86_400;

/**
 * The one-time sign-in link. Opening it shows a button and changes nothing, so that a link preview does not use it
 * up; pressing the button exchanges it for a session cookie that no script can read. Signing out ends the session's
 * token, here and wherever else it may have come to, and no other. It wants a scope of its own: a form, which any page
 * may send anywhere, is no body for the API.
 */
export function signIn(app: FastifyInstance, door: Door): void {
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  app.get("/sign-in", async (request, reply) => {
    const { code } = request.query as { code?: string };
    if (!/^lw_[\w-]{20,100}$/.test(code ?? "")) return linkUseless(reply.code(400));
    return sendPage(
      reply,
      "Sign in to Longwatch",
      `<h1>Sign in to Longwatch</h1>
       <p>The button signs this browser in for 30 days, as the person whom the link was made for.</p>
       <form method="post" action="/sign-in"><input type="hidden" name="code" value="${code}">
       <button type="submit" autofocus>Sign in</button></form>
       <p class="quiet">The link works once, for 15 minutes. Sign out in the settings.</p>`,
    );
  });
  app.post("/sign-in", async (request, reply) => {
    // Else any page could sign its reader in as whom it likes, and read what they write then.
    if (isForeign(request)) throw foreignForm();
    const { code } = (request.body ?? {}) as { code?: string };
    try {
      const { output } = await door.say(String(code), "token.redeem", { token: String(code) });
      const { token } = output as { token: string };
      reply.setCookie(app.sessionCookie, token, {
        httpOnly: true,
        sameSite: "strict",
        path: "/",
        // Behind a TLS proxy, only the browser knows that it is one.
        secure: request.headers.origin?.startsWith("https:") ?? false,
        maxAge: SESSION_SECONDS,
      });
      return reply.redirect("/", 303);
    } catch (error) {
      if (!(error instanceof Refusal) || error.kind === "unavailable") throw error;
      return linkUseless(reply.code(401));
    }
  });
  app.post("/sign-out", async (request, reply) => {
    const token = tokenOf(request);
    try {
      await door.say(token, "token.end", { token });
    } catch (error) {
      // A session that had ended already leaves only its cookie to clear; without an answer, nobody is signed out.
      if (!(error instanceof Refusal) || error.kind !== "unauthenticated") throw error;
    }
    return reply.clearCookie(app.sessionCookie, { path: "/" }).redirect("/", 303);
  });
}

function foreignForm(): Refusal {
  return new Refusal("denied", "origin.foreign", "A page of another server may not sign anybody in here.", {
    hint: "Open the sign-in link itself and press its button.",
  });
}

function linkUseless(reply: FastifyReply): FastifyReply {
  return sendPage(
    reply,
    "The link is used up",
    `<h1>This link does not work any more</h1>
     <p>A sign-in link works once, for 15 minutes. Get a new one on the server's machine:</p>
     <pre>npx longwatch sign-in</pre>`,
  );
}
