// This room is the HTTP API, and the event streams below API and pages.
//
// The HTTP API under /api, the probes /healthz and /readyz, and /metrics. All other answers are JSON, also errors.
import { type Context, Hono } from "hono";
import { listNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { matchesFilter, parseFilter } from "../../domain/fleet/shown/agent-filter.ts";
import { modelServersOf } from "../../domain/fleet/shown/model-servers.ts";
import { countSections } from "../../domain/fleet/shown/sections.ts";
import { parseTraceparent, traceHeader } from "../../domain/trace/trace-context.ts";
import { parseJson } from "../../domain/wire/decode.ts";
import type { Logger } from "../../log.ts";
import type { SearchDesk } from "../../search/search.ts";
import type { Server } from "../../server/server.ts";
import type { AccessOptions } from "../access/access.ts";
import { signedBy, whenVoid } from "../access/caller.ts";
import { createGatherMetrics, type GatherMetrics } from "../metrics/metrics.ts";
import { registerAgentActs } from "./acts/agent-acts.ts";
import { registerBudgets } from "./acts/budgets-api.ts";
import { registerChangesActs } from "./acts/changes-api.ts";
import { registerRules } from "./acts/rules-api.ts";
import { answerFromJson } from "./answers.ts";
import { createApiEvents } from "./api-events.ts";
import { bulkOrderFromJson, sendBulk } from "./bulk-orders.ts";
import { type CommandRunner, registerCommandLines } from "./command-lines.ts";
import { eventStream, type StreamSource } from "./event-stream.ts";
import type { AwayAgents } from "./need-acts.ts";
import { orderFromJson, requireReady } from "./orders.ts";
import type { ChangesDesk } from "./reports/changes-report.ts";
import type { CliFinder } from "./reports/clis-report.ts";
import { registerReports } from "./reports/reports-api.ts";
import type { Doctor, ListNodes } from "./reports/system-report.ts";
import { searchAskFrom } from "./search-query.ts";
import { registerServerRoutes } from "./server-routes.ts";
import { requireSpawner, type Spawner, spawnFromJson } from "./spawner.ts";
import { registerScreen } from "./terminal/screen-routes.ts";
import { readTranscriptQuery } from "./transcript-query.ts";

/** When POST /api/heartbeat was deprecated, for its `Deprecation` header (RFC 9745): 2026-11-23. */
const heartbeatDeprecatedAt = "@1795392000";
const warnEveryMs = 60_000;

export interface ApiOptions {
  readonly server: Server;
  readonly spawner?: Spawner | undefined;
  readonly search: SearchDesk;
  readonly access: Pick<AccessOptions, "onRotated"> | undefined;
  readonly doctor?: Doctor | undefined;
  readonly listNodes?: ListNodes | undefined;
  readonly away?: AwayAgents | undefined;
  readonly cliFinder?: CliFinder | undefined;
  readonly changes?: ChangesDesk | undefined;
  /** Runs commands of the terminal; undefined if this server runs none. */
  readonly commandRunner?: CommandRunner | undefined;
  /** The stream that updates the page which its address names. */
  readonly pageOf: (c: Context) => StreamSource;
  /** Gathers what `GET /metrics` tells; made here if left out. */
  readonly metrics?: GatherMetrics | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

export function createApi(options: ApiOptions): Hono {
  const { server, spawner, search, access, now, log } = options;
  const api = new Hono();
  registerServerRoutes(api, server, options.metrics ?? createGatherMetrics(server, now));
  registerReports(api, options);
  registerAgentActs(api, options);
  registerChangesActs(api, options);
  registerRules(api, server);
  registerBudgets(api, server);
  const warnOfHeartbeat = limitRate((agent) => {
    log.warn(
      `POST /api/heartbeat is deprecated (agent ${agent}): publish to NATS instead, as cliai bridge does`,
    );
  });

  api.get("/api/agents", (c) => {
    const filter = parseFilter(c.req.query("filter") ?? "");
    return c.json(server.fleet.list().filter((view) => matchesFilter(view, filter)));
  });
  api.post("/api/agents", async (c) => {
    const order = spawnFromJson(await readJson(c));
    requireReady(server);
    const spawned = await requireSpawner(spawner).spawn({ ...order, from: signedBy(c, "api") });
    c.header("Location", `/api/agents/${spawned.agent_id}`);
    return c.json(spawned, spawned.starting === true ? 202 : 201);
  });
  api.get("/api/profiles", async (c) => {
    const project = c.req.query("project") || undefined;
    return c.json((await spawner?.profiles(project)) ?? []);
  });
  api.get("/api/agents/:id", (c) => {
    const view = server.fleet.require(c.req.param("id"));
    const { agent_id } = view;
    const more = { budgets: server.budgets.of(agent_id), timeline: server.fleet.timeline(agent_id) };
    return c.json({ ...view, ...more });
  });
  api.get("/api/agents/:id/transcript", async (c) => {
    const { agent_id } = server.fleet.require(c.req.param("id"));
    const query = readTranscriptQuery(c.req.query(), now());
    return c.json({ agent_id, ...(await server.transcripts.read(agent_id, query)) });
  });
  api.post("/api/agents/:id/commands", async (c) => {
    const { agent_id } = server.fleet.require(c.req.param("id"));
    const order = orderFromJson(agent_id, await readJson(c), signedBy(c, "api"));
    requireReady(server);
    const trace = parseTraceparent(c.req.header(traceHeader));
    const { command_id, duplicate } = await server.sendCommand({ ...order, trace });
    return c.json({ command_id, state: "stored", duplicate }, 202);
  });

  api.post("/api/commands", async (c) => {
    const order = bulkOrderFromJson(await readJson(c), signedBy(c, "api"));
    requireReady(server);
    return c.json({ results: await sendBulk(server, order) }, 202);
  });

  api.get("/api/needs", (c) => {
    const views = server.fleet.list();
    const needs = listNeeds(views);
    return c.json({ count: needs.length, agents: countSections(views).agentsInNeed, needs });
  });

  api.get("/api/search", async (c) => c.json(await search.search(searchAskFrom(c.req.query()))));

  api.get("/api/models", (c) => c.json(modelServersOf(server.fleet.list())));

  api.post("/api/requests/:id/answer", async (c) => {
    const words = answerFromJson(await readJson(c));
    requireReady(server);
    return c.json(await server.requests.answer(c.req.param("id"), words, signedBy(c, "api")));
  });

  api.get("/api/events", (c) => {
    const agent = c.req.query("agent") || undefined;
    if (agent !== undefined) server.fleet.require(agent);
    const source = createApiEvents(server, { lastEventId: c.req.header("last-event-id"), agent });
    return eventStream(source, {
      signal: c.req.raw.signal,
      onVoid: whenVoid(c, access),
      minGapMs: 0,
      keepAlive: ": keep-alive\n\n",
    });
  });

  api.post("/api/heartbeat", async (c) => {
    c.header("Deprecation", heartbeatDeprecatedAt);
    const body = await readJson(c);
    requireReady(server);
    await server.takeHeartbeat(body);
    warnOfHeartbeat((body as { agent_id: string }).agent_id);
    return c.json({ ok: true });
  });
  registerCommandLines(api, options.commandRunner, access);
  registerScreen(api, server, access, options.pageOf);
  return api;
}

/** @throws CliaiError `message_invalid` if the body is not JSON */
async function readJson(c: Context): Promise<unknown> {
  return parseJson(await c.req.text());
}

/** Calls `act` at most once a minute, because old clients send a heartbeat every few seconds. */
function limitRate(act: (agent: string) => void): (agent: string) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (agent) => {
    if (performance.now() - lastMs < warnEveryMs) return;
    lastMs = performance.now();
    act(agent);
  };
}
