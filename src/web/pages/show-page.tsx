/** @jsxImportSource hono/jsx */
// Answers with a page in its frame, or with an error: as a page for a person, as JSON for a program.
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { CliAbilities } from "../../domain/abilities.ts";
import { nearest } from "../../domain/text/nearest.ts";
import type { Logger } from "../../log.ts";
import type { SearchDesk } from "../../search/search.ts";
import type { Server } from "../../server/server.ts";
import type { AccessOptions } from "../access/access.ts";
import type { AnswerLinkDesk } from "../access/answer-links.ts";
import { callerOf } from "../access/caller.ts";
import { eventId } from "../api/fleet-cursor.ts";
import { errorJson, type HttpError, wantsJson } from "../api/http-errors.ts";
import type { AwayAgents } from "../api/need-acts.ts";
import type { ChangesDesk } from "../api/reports/changes-report.ts";
import { askedZone, spentToday } from "../api/reports/costs-report.ts";
import { type Doctor, type ListNodes, troubleCount } from "../api/reports/system-report.ts";
import type { Spawner } from "../api/spawner.ts";
import { BarePage } from "./bare-page.tsx";
import type { PushDesk } from "./device/push-desk.ts";
import { ErrorPage } from "./error-page.tsx";
import type { NoteInFront } from "./in-front.ts";
import { Layout } from "./layout.tsx";
import type { MadePages } from "./made-pages.ts";
import { SeenBy } from "./viewer/viewer.tsx";

export interface PagesOptions {
  readonly server: Server;
  readonly clis: readonly CliAbilities[];
  readonly spawner?: Spawner | undefined;
  readonly away?: AwayAgents | undefined;
  readonly search: SearchDesk;
  readonly changes?: ChangesDesk | undefined;
  readonly doctor?: Doctor | undefined;
  readonly listNodes?: ListNodes | undefined;
  readonly push?: PushDesk | undefined;
  readonly answerLinks?: AnswerLinkDesk | undefined;
  readonly noteInFront?: NoteInFront | undefined;
  readonly made: MadePages;
  readonly access: Pick<AccessOptions, "onRotated"> | undefined;
  readonly natsUrl: string;
  readonly spawnCommand: string;
  readonly now: () => Date;
  readonly log: Logger;
}

/** The address of a page's event stream. It sends what has changed since the page was made. */
export function streamOf(server: Server, page: string, facts = ""): string {
  return `/events?page=${page}${facts}&since=${eventId(server)}`;
}

/**
 * The address of the event stream of a page that reports. It has the page's own parameters, so that the stream makes the same report. Call it
 * before the report is made: what happens meanwhile then comes with the stream.
 * @returns a function that takes the sequence of the newest record on the page, if the page has records
 */
export function reportStreamOf(server: Server, page: string, c: Context): (newest?: number) => string {
  const query = new URLSearchParams({ report: new URL(c.req.url).search.slice(1) });
  const stream = streamOf(server, page, `&${query}`);
  return (newest) => (newest === undefined ? stream : `${stream}&newest=${newest}`);
}

export interface PageContent {
  readonly title: string;
  readonly stream?: string;
  readonly body: Child;
}

/** What the frame of each page is made from. */
export type FrameOptions = Pick<PagesOptions, "server" | "doctor" | "noteInFront" | "now">;

export function showPage(
  c: Context,
  { server, doctor, noteInFront, now }: FrameOptions,
  { title, stream, body }: PageContent,
): Response | Promise<Response> {
  return c.html(
    <SeenBy viewer={callerOf(c)}>
      <Layout
        title={title}
        views={server.fleet.list()}
        health={server.health()}
        now={now()}
        path={c.req.path}
        today={spentToday(server.spending, now(), askedZone(c))}
        troubles={troubleCount(server, doctor)}
        tellsInFront={noteInFront !== undefined}
        {...(stream === undefined ? {} : { stream })}
      >
        {body}
      </Layout>
    </SeenBy>,
  );
}

/** Answers somebody who was not let in. */
export function showBareError(c: Context, error: HttpError): Response | Promise<Response> {
  if (wantsJson(c)) return errorJson(c, error);
  c.status(error.status);
  return c.html(<BarePage error={error} />);
}

/** Answers with an error page for a person, or with JSON for a program. */
export function showError(c: Context, error: HttpError, options: FrameOptions): Response | Promise<Response> {
  if (wantsJson(c)) return errorJson(c, error);
  const { server } = options;
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
  return showPage(c, options, { title: error.message, body: <ErrorPage error={error} near={near} /> });
}
