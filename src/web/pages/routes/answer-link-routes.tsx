/** @jsxImportSource hono/jsx */
// The page that a link of a notice opens, by which one request is answered without signing in. Opening it changes nothing; its form answers.

import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { answerPath } from "../../../domain/access/token-scopes.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import type { ConnectionInfo } from "../../access/access.ts";
import { type GoodLink, openAnswerLink, type SentLink } from "../../access/answer-links.ts";
import { createFailedTries } from "../../access/failed-tries.ts";
import { isOwnOrigin } from "../../access/guard.ts";
import { answerFromForm } from "../../api/answers.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { AnsweredPage, AnswerLinkPage } from "../requests/answer-link-page.tsx";
import type { PagesOptions } from "../show-page.tsx";

const mostFormBytes = 64 * 1024;

export function registerAnswerLinkRoutes(
  pages: Hono,
  { server, answerLinks, now }: Pick<PagesOptions, "server" | "answerLinks" | "now">,
): void {
  if (answerLinks === undefined) return;
  const failedTries = createFailedTries(() => performance.now());

  /** @throws CliaiError `refused` for a code that is not good; what {@link openAnswerLink} throws */
  const open = async (c: Context, sent: SentLink): Promise<GoodLink> => {
    const link = await openAnswerLink(sent, answerLinks, server.requests.get, now());
    if (link !== undefined) return link;
    const { remoteAddress } = (c.env ?? {}) as ConnectionInfo;
    const waitS = failedTries.count(remoteAddress ?? "unknown");
    if (waitS === undefined) {
      throw new CliaiError("refused", "this link answers nothing", {
        hint: "open it as it was sent, whole. What it was about may be gone, too: see the inbox of the dashboard",
      });
    }
    c.header("Retry-After", String(waitS));
    throw new CliaiError("too_many_tries", "too many wrong links", { hint: `wait ${waitS} s` });
  };

  pages.get(answerPath, async (c) => {
    const { by = "", request = "", code = "" } = c.req.query();
    const sent = { by, request, code };
    const link = await open(c, sent);
    return c.html(<AnswerLinkPage link={link} sent={sent} now={now()} />);
  });

  pages.post(answerPath, bodyLimit({ maxSize: mostFormBytes, onError: tooLarge }), async (c) => {
    if (!isOwnOrigin(c)) {
      throw new CliaiError("refused", "only the page of the link answers by it", {
        hint: "open the link in a browser, and press a button there",
      });
    }
    const form = await readForm(c);
    const textOf = (name: string) => (typeof form[name] === "string" ? form[name] : "");
    const sent = { by: textOf("by"), request: textOf("request"), code: textOf("code") };
    const { request, signature } = await open(c, sent);
    requireReady(server);
    const decided = await server.requests.answer(request.request_id, answerFromForm(form), signature);
    return c.html(<AnsweredPage request={decided} view={server.fleet.get(decided.agent_id)} />);
  });
}

function tooLarge(): never {
  throw new CliaiError("payload_too_large", `the answer is over the limit of ${mostFormBytes / 1024} KB`, {
    hint: "answer it in the inbox of the dashboard",
  });
}
