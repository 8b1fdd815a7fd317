/** @jsxImportSource hono/jsx */
// The pages' addresses: what each shows, and the forms they send. Works without scripts; the stream keeps it live.
import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import { nearest } from "../domain/nearest.ts";
import type { Server } from "../server/server.ts";
import type { AccessOptions } from "./access.ts";
import { answerFromForm } from "./answers.ts";
import { eventStream } from "./event-stream.ts";
import { eventId } from "./fleet-cursor.ts";
import { errorJson, type HttpError, wantsJson } from "./http-errors.ts";
import { orderFromForm, requireReady } from "./orders.ts";
import { createPageEvents, pageGapMs, pageKeepAlive } from "./page-events.tsx";
import { AgentPage } from "./pages/agent-page.tsx";
import { BarePage } from "./pages/bare-page.tsx";
import { ErrorPage } from "./pages/error-page.tsx";
import { FleetPage } from "./pages/fleet-page.tsx";
import { InboxPage } from "./pages/inbox-page.tsx";
import { Layout } from "./pages/layout.tsx";
import { readForm } from "./read-form.ts";
import { countSections, layoutOf, layouts } from "./sections.ts";

export interface PagesOptions {
  readonly server: Server;
  readonly access: Pick<AccessOptions, "onRotated"> | undefined;
  readonly natsUrl: string;
  readonly spawnCommand: string;
  readonly now: () => Date;
}

export function createPages({ server, natsUrl, spawnCommand, access, now }: PagesOptions): Hono {
  const pages = new Hono();
  const { fleet } = server;
  const listening = (c: Context) => [new URL(c.req.url).origin, natsUrl];

  pages.get("/", (c) => {
    const views = fleet.list();
    const stream = `/events?layout=${layoutOf(views.length)}&since=${eventId(server)}`;
    return showPage(c, server, now, {
      title: "Fleet",
      stream,
      body: <FleetPage views={views} now={now()} spawnCommand={spawnCommand} listening={listening(c)} />,
    });
  });

  pages.get("/agents/:id", (c) => {
    const view = fleet.require(c.req.param("id"));
    const timeline = fleet.timeline(view.agent_id);
    return showPage(c, server, now, {
      title: view.agent_id,
      stream: `/events?agent=${view.agent_id}&since=${eventId(server)}`,
      body: <AgentPage view={view} timeline={timeline} now={now()} health={server.health()} />,
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
      stream: `/events?page=inbox&since=${eventId(server)}`,
      body: <InboxPage requests={server.requests.all()} views={fleet.list()} now={now()} />,
    }),
  );

  pages.post("/inbox/:id", async (c) => {
    const words = answerFromForm(await readForm(c));
    requireReady(server);
    const { request_id } = await server.requests.answer(c.req.param("id"), words, "dashboard");
    return c.redirect(`/inbox#request-${request_id}`, 303);
  });

  pages.get("/events", (c) => {
    const layout = c.req.query("layout");
    const source = createPageEvents(server, {
      lastEventId: c.req.header("last-event-id") ?? c.req.query("since"),
      agent: c.req.query("agent"),
      isInbox: c.req.query("page") === "inbox",
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
  const counts = countSections(server.fleet.list());
  return c.html(
    <Layout
      title={title}
      counts={counts}
      waiting={server.requests.open().length}
      health={server.health()}
      now={now()}
      {...(stream === undefined ? {} : { stream })}
    >
      {body}
    </Layout>,
  );
}
