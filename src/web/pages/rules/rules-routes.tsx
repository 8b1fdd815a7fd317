/** @jsxImportSource hono/jsx */
// The addresses of the page of the standing rules. Only the operator may revoke them: no scope of a named token does.
import type { Hono } from "hono";
import * as v from "valibot";
import { checkMessage } from "../../../domain/wire/decode.ts";
import { signedBy } from "../../access/caller.ts";
import { wantsJson } from "../../api/http-errors.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { RulesPage } from "./rules-page.tsx";

const RevokeSchema = v.object({ rule_id: v.string("rule_id is missing") });

export function registerRulesRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now } = options;
  const { rules } = server;

  pages.get("/rules", (c) =>
    showPage(c, options, {
      title: "Standing rules",
      stream: streamOf(server, "rules"),
      body: <RulesPage rules={rules.list()} ended={rules.ended()} now={now()} />,
    }),
  );
  pages.post("/rules/revoke", async (c) => {
    const { rule_id } = checkMessage(RevokeSchema, await readForm(c));
    requireReady(server);
    const revoked = await rules.revoke(rule_id, signedBy(c, "page"));
    return wantsJson(c) ? c.json(revoked) : c.redirect("/rules", 303);
  });
}
