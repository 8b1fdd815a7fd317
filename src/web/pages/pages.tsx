/** @jsxImportSource hono/jsx */
// This room holds the pages: one file a page, and what keeps an open page up to date.
//
// The pages' addresses: what each shows, and the forms they send. Works without scripts; the stream keeps it live.
import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import { CliaiError } from "../../domain/text/errors.ts";
import { nearest } from "../../domain/text/nearest.ts";
import type { Logger } from "../../log.ts";
import type { Server } from "../../server/server.ts";
import type { AccessOptions } from "../access/access.ts";
import { answerFromForm } from "../api/answers.ts";
import { bulkOrderFromForm, findBulkTargets, sendBulk } from "../api/bulk-orders.ts";
import { eventStream } from "../api/event-stream.ts";
import { eventId } from "../api/fleet-cursor.ts";
import { describeError, errorJson, type HttpError, wantsJson } from "../api/http-errors.ts";
import { orderFromForm, requireReady } from "../api/orders.ts";
import { readForm } from "../api/read-form.ts";
import { requireSpawner, type Spawner, spawnFromForm } from "../api/spawner.ts";
import { AgentPage } from "./agent-page.tsx";
import { BarePage } from "./bare-page.tsx";
import { BulkPage, BulkResultsPage, type BulkType } from "./bulk-page.tsx";
import { ErrorPage } from "./error-page.tsx";
import { FleetPage } from "./fleet/fleet-page.tsx";
import { layoutOf, layouts } from "./fleet/sections.ts";
import { InboxPage } from "./inbox-page.tsx";
import { Layout } from "./layout.tsx";
import { createPageEvents, livePages, pageGapMs, pageKeepAlive } from "./page-events.tsx";
import { SpawnPage } from "./spawn-page.tsx";

export interface PagesOptions {
  readonly server: Server;
  readonly spawner?: Spawner | undefined;
  readonly access: Pick<AccessOptions, "onRotated"> | undefined;
  readonly natsUrl: string;
  readonly spawnCommand: string;
  readonly now: () => Date;
  readonly log: Logger;
}

export function createPages(options: PagesOptions): Hono {
  const { server, spawner, natsUrl, spawnCommand, access, now, log } = options;
  const pages = new Hono();
  const { fleet } = server;
  const since = () => `since=${eventId(server)}`;
  const listening = (c: Context) => [new URL(c.req.url).origin, natsUrl];

  pages.get("/", (c) => {
    const views = fleet.list();
    const stream = `/events?page=fleet&layout=${layoutOf(views.length)}&${since()}`;
    return showPage(c, server, now, {
      title: "Fleet",
      stream,
      body: <FleetPage views={views} now={now()} spawnCommand={spawnCommand} listening={listening(c)} />,
    });
  });

  pages.get("/agents/:id", (c) => {
    const view = fleet.require(c.req.param("id"));
    const facts = { timeline: fleet.timeline(view.agent_id), requests: server.requests.all() };
    return showPage(c, server, now, {
      title: view.agent_id,
      stream: `/events?page=agent&agent=${view.agent_id}&${since()}`,
      body: <AgentPage view={view} {...facts} now={now()} health={server.health()} />,
    });
  });

  pages.post("/agents/:id/commands", async (c) => {
    const { agent_id } = fleet.require(c.req.param("id"));
    const order = orderFromForm(agent_id, await readForm(c));
    requireReady(server);
    const { command_id, duplicate } = await server.sendCommand(order);
    if (wantsJson(c)) return c.json({ command_id, state: "stored", duplicate }, 202);
    return c.redirect(`/agents/${agent_id}#command-${command_id}`, 303);
  });

  pages.get("/inbox", (c) =>
    showPage(c, server, now, {
      title: "Inbox",
      stream: `/events?page=inbox&${since()}`,
      body: <InboxPage requests={server.requests.all()} views={fleet.list()} now={now()} />,
    }),
  );

  pages.post("/inbox/:id", async (c) => {
    const form = await readForm(c);
    const words = answerFromForm(form);
    requireReady(server);
    const { request_id, agent_id } = await server.requests.answer(c.req.param("id"), words, "dashboard");
    const page = form.back === "agent" ? `/agents/${agent_id}` : "/inbox";
    return c.redirect(`${page}#request-${request_id}`, 303);
  });

  const showSpawn = (c: Context, values: Readonly<Record<string, unknown>>, error?: HttpError) => {
    const projects = new Set(
      fleet
        .list()
        .flatMap(({ project_path = "" }) => (project_path.match(/^[/\\]|^\w:/) ? [project_path] : [])),
    );
    const { profiles } = requireSpawner(spawner);
    const page = { profiles, projects: [...projects], values, ...(error === undefined ? {} : { error }) };
    if (error !== undefined) c.status(error.status);
    return showPage(c, server, now, {
      title: "Spawn an agent",
      stream: `/events?page=other&${since()}`,
      body: <SpawnPage {...page} />,
    });
  };
  pages.get("/spawn", (c) => showSpawn(c, c.req.query()));
  pages.post("/spawn", async (c) => {
    const form = await readForm(c);
    try {
      const order = spawnFromForm(form);
      requireReady(server);
      const { agent_id } = await requireSpawner(spawner).spawn({ ...order, from: "dashboard" });
      return c.redirect(`/agents/${agent_id}`, 303);
    } catch (error) {
      if (!(error instanceof CliaiError) || wantsJson(c)) throw error;
      // What was typed is worth more than a page about the error.
      return await showSpawn(c, form, describeError(error, log));
    }
  });

  pages.get("/bulk/:type{pause|resume|stop}", (c) => {
    const type = c.req.param("type") as BulkType;
    return showPage(c, server, now, {
      title: `${type} all`,
      stream: `/events?page=other&${since()}`,
      body: <BulkPage type={type} views={fleet.list()} health={server.health()} />,
    });
  });
  pages.post("/bulk", async (c) => {
    const order = bulkOrderFromForm(await readForm(c));
    requireReady(server);
    const results = await sendBulk(server, order);
    const failed = results.flatMap((result) => ("error" in result ? [result.agent_id] : []));
    return c.redirect(`/bulk/results/${order.key}${failed.length === 0 ? "" : `?failed=${failed}`}`, 303);
  });
  pages.get("/bulk/results/:key", (c) => {
    const key = c.req.param("key");
    const failed = c.req.query("failed") ?? "";
    const results = findBulkTargets(fleet.list(), key, failed.split(","));
    const query = new URLSearchParams({ page: "results", key, failed });
    return showPage(c, server, now, {
      title: "What became of it",
      stream: `/events?${query}&${since()}`,
      body: <BulkResultsPage results={results} />,
    });
  });

  pages.get("/events", (c) => {
    const layout = c.req.query("layout");
    const source = createPageEvents(server, {
      lastEventId: c.req.header("last-event-id") ?? c.req.query("since"),
      agent: c.req.query("agent"),
      page: livePages.find((known) => known === c.req.query("page")) ?? "fleet",
      key: c.req.query("key"),
      failed: (c.req.query("failed") ?? "").split(","),
      layout: layouts.find((known) => known === layout) ?? "empty",
      spawnCommand,
      listening: listening(c),
      now,
    });
    return eventStream(source, {
      signal: c.req.raw.signal,
      onVoid: access?.onRotated,
      minGapMs: pageGapMs,
      keepAlive: pageKeepAlive,
    });
  });
  return pages;
}

/** An error for somebody who has not been let in. */
export function showBareError(c: Context, error: HttpError): Response | Promise<Response> {
  if (wantsJson(c)) return errorJson(c, error);
  c.status(error.status);
  return c.html(<BarePage error={error} />);
}

/** An error as a person or a program can use it. */
export function showError(
  c: Context,
  error: HttpError,
  { server, now }: Pick<PagesOptions, "server" | "now">,
): Response | Promise<Response> {
  if (wantsJson(c)) return errorJson(c, error);
  const views = server.fleet.list();
  const asked = /^\/agents\/([^/]+)/.exec(c.req.path)?.[1] ?? "";
  const near =
    error.code === "agent_unknown"
      ? nearest(
          asked,
          views.map(({ agent_id }) => agent_id),
        )
      : [];
  c.status(error.status);
  return showPage(c, server, now, { title: error.message, body: <ErrorPage error={error} near={near} /> });
}

interface PageContent {
  readonly title: string;
  readonly stream?: string;
  readonly body: Child;
}

function showPage(
  c: Context,
  server: Server,
  now: () => Date,
  { title, stream, body }: PageContent,
): Response | Promise<Response> {
  return c.html(
    <Layout
      title={title}
      views={server.fleet.list()}
      waiting={server.requests.open().length}
      health={server.health()}
      now={now()}
      {...(stream === undefined ? {} : { stream })}
    >
      {body}
    </Layout>,
  );
}
