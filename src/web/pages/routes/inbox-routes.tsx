/** @jsxImportSource hono/jsx */
// The inbox page, and the answer that its form sends.
import type { Hono } from "hono";
import type { RuleFor } from "../../../domain/rules/standing-rule.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { callerOf, signedBy } from "../../access/caller.ts";
import { answerFromForm, rememberFromForm } from "../../api/answers.ts";
import { wantsJson } from "../../api/http-errors.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { InboxPage } from "../inbox-page.tsx";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";

export function registerInboxRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now } = options;
  const { fleet } = server;

  /** The answer is given already, so that a rule which cannot be made is no failure of the answer. */
  const remember = async (requestId: string, shown: RuleFor | undefined, by: string) => {
    if (shown === undefined) return {};
    try {
      const { rule_id } = await server.rules.make(requestId, shown, by);
      return { rule: { rule_id } };
    } catch (error) {
      if (!(error instanceof CliaiError)) throw error;
      return { rule: { problem: error.message } };
    }
  };

  pages.get("/inbox", (c) => {
    const asked = c.req.query("request") || undefined;
    return showPage(c, options, {
      title: "Inbox",
      stream: streamOf(
        server,
        "inbox",
        asked === undefined ? "" : `&${new URLSearchParams({ request: asked })}`,
      ),
      body: (
        <InboxPage
          requests={server.requests.all()}
          views={fleet.list()}
          rules={server.rules.list().length}
          now={now()}
          asked={asked}
        />
      ),
    });
  });

  pages.post("/inbox/:id", async (c) => {
    const form = await readForm(c);
    const words = answerFromForm(form);
    const shown = words.approved === true ? rememberFromForm(form) : undefined;
    if (shown !== undefined && callerOf(c) !== undefined) {
      throw new CliaiError("refused", "only the operator's own browser makes a standing rule", {
        hint: "approve it only this once",
      });
    }
    requireReady(server);
    const by = signedBy(c, "page");
    const decided = await server.requests.answer(c.req.param("id"), words, by);
    const { request_id, agent_id, state } = decided;
    if (wantsJson(c))
      return c.json({ request_id, agent_id, state, ...(await remember(request_id, shown, by)) });
    if (shown !== undefined) await server.rules.make(request_id, shown, by);
    const page = form.back === "agent" ? `/agents/${agent_id}` : "/inbox";
    return c.redirect(`${page}#request-${request_id}`, 303);
  });
}
