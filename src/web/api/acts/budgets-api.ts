// The budgets over HTTP. Only the operator changes them: no scope of a named token allows it.
import type { Hono } from "hono";
import * as v from "valibot";
import { BudgetScopeSchema, LimitSchema } from "../../../domain/budgets/budget.ts";
import { AgentIdSchema } from "../../../domain/wire/agent-id.ts";
import { checkMessage, parseJson } from "../../../domain/wire/decode.ts";
import type { Server } from "../../../server/server.ts";
import { signedBy } from "../../access/caller.ts";
import { requireReady } from "../orders.ts";

export const BudgetBodySchema = v.strictObject({ scope: BudgetScopeSchema, ...LimitSchema.entries });
export const RaiseBodySchema = v.strictObject({
  by_amount: LimitSchema.entries.amount,
  agent_id: v.optional(AgentIdSchema),
});

export function registerBudgets(api: Hono, server: Server): void {
  const { budgets } = server;
  api.get("/api/budgets", (c) => c.json(budgets.list()));
  api.post("/api/budgets", async (c) => {
    const { scope, ...limit } = checkMessage(BudgetBodySchema, parseJson(await c.req.text()));
    requireReady(server);
    return c.json(await budgets.set({ scope, limit }, signedBy(c, "api")), 201);
  });
  api.post("/api/budgets/:id/raise", async (c) => {
    const raise = checkMessage(RaiseBodySchema, parseJson(await c.req.text()));
    requireReady(server);
    return c.json(await budgets.raise({ budget_id: c.req.param("id"), ...raise }, signedBy(c, "api")));
  });
  api.post("/api/budgets/:id/remove", async (c) => {
    requireReady(server);
    return c.json(await budgets.remove(c.req.param("id"), signedBy(c, "api")));
  });
}
