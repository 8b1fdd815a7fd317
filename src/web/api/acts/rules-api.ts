// The standing rules over HTTP. Only the operator makes and revokes them: no scope of a named token allows it.
import type { Hono } from "hono";
import * as v from "valibot";
import { RuleForSchema } from "../../../domain/rules/standing-rule.ts";
import { checkMessage, parseJson } from "../../../domain/wire/decode.ts";
import type { Server } from "../../../server/server.ts";
import { signedBy } from "../../access/caller.ts";
import { requireReady } from "../orders.ts";

export const RuleBodySchema = v.strictObject({
  request_id: v.string("request_id is missing"),
  ...RuleForSchema.entries,
});

export function registerRules(api: Hono, server: Server): void {
  const { rules } = server;
  api.get("/api/rules", (c) => c.json(rules.list()));
  api.post("/api/rules", async (c) => {
    const { request_id, ...shown } = checkMessage(RuleBodySchema, parseJson(await c.req.text()));
    requireReady(server);
    return c.json(await rules.make(request_id, shown, signedBy(c, "api")), 201);
  });
  api.post("/api/rules/:id/revoke", async (c) => {
    requireReady(server);
    return c.json(await rules.revoke(c.req.param("id"), signedBy(c, "api")));
  });
}
