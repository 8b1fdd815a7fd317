// This room acts on agents for programs in the ways that no order does: it tags them, starts them again, removes them, and takes orders back.
import type { Hono } from "hono";
import * as v from "valibot";
import { TagSchema } from "../../../domain/fleet/shown/tags.ts";
import { checkMessage, parseJson } from "../../../domain/wire/decode.ts";
import type { Server } from "../../../server/server.ts";
import { signedBy } from "../../access/caller.ts";
import { type AwayAgents, letGoOrStart, requireAway } from "../need-acts.ts";
import { requireReady } from "../orders.ts";

export interface AgentActsOptions {
  readonly server: Server;
  readonly away?: AwayAgents | undefined;
}

const TagsSchema = v.optional(v.array(TagSchema, "add and remove must be lists of tags"), []);
export const TagBodySchema = v.strictObject({ add: TagsSchema, remove: TagsSchema }, (issue) =>
  issue.expected === "never"
    ? `unknown field ${issue.received}`
    : "the body must be a JSON object with add or remove",
);

export function registerAgentActs(api: Hono, { server, away }: AgentActsOptions): void {
  const idOf = (text: string) => server.fleet.require(text).agent_id;

  api.post("/api/agents/:id/tags", async (c) => {
    const agent_id = idOf(c.req.param("id"));
    const change = checkMessage(TagBodySchema, parseJson(await c.req.text()));
    requireReady(server);
    return c.json(await server.tag({ agent_id, ...change }));
  });
  api.post("/api/agents/:id/resume", async (c) => {
    const agent_id = idOf(c.req.param("id"));
    requireReady(server);
    const resumed = await letGoOrStart(server, away, agent_id, signedBy(c, "api"));
    return c.json({ agent_id, ...resumed }, 202);
  });
  api.post("/api/agents/:id/remove", async (c) => {
    const agent_id = idOf(c.req.param("id"));
    requireReady(server);
    await requireAway(away, "remove", agent_id).remove(agent_id);
    return c.json({ agent_id, removed: true });
  });
  api.post("/api/commands/:id/cancel", async (c) => {
    requireReady(server);
    return c.json(await server.cancel({ command_id: c.req.param("id"), from: signedBy(c, "api") }));
  });
}
