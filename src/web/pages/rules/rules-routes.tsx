/** @jsxImportSource hono/jsx */
// The addresses of the standing rules, of the page and of the API. Only the operator may make and revoke them: no scope of a named token does.
import type { Hono } from "hono";
import * as v from "valibot";
import { RuleForSchema } from "../../../domain/rules/standing-rule.ts";
import { checkMessage, parseJson } from "../../../domain/wire/decode.ts";
import { wantsJson } from "../../api/http-errors.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { RulesPage } from "./rules-page.tsx";

const RevokeSchema = v.object({ rule_id: v.string("rule_id is missing") });
const MakeSchema = v.strictObject({
  request_id: v.string("request_id is missing"),
  ...RuleForSchema.entries,
});

export function registerRulesRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now } = options;
  const { rules } = server;

  pages.get("/rules", (c) =>
    showPage(c, options, {
      title: "Standing rules",
      stream: streamOf(server, "other"),
      body: <RulesPage rules={rules.list()} now={now()} />,
    }),
  );
  pages.post("/rules/revoke", async (c) => {
    const { rule_id } = checkMessage(RevokeSchema, await readForm(c));
    requireReady(server);
    const revoked = await rules.revoke(rule_id, "dashboard");
    return wantsJson(c) ? c.json(revoked) : c.redirect("/rules", 303);
  });

  pages.get("/api/rules", (c) => c.json(rules.list()));
  pages.post("/api/rules", async (c) => {
    const { request_id, ...shown } = checkMessage(MakeSchema, parseJson(await c.req.text()));
    requireReady(server);
    return c.json(await rules.make(request_id, shown, "api"), 201);
  });
  pages.post("/api/rules/:id/revoke", async (c) => {
    requireReady(server);
    return c.json(await rules.revoke(c.req.param("id"), "api"));
  });
}
