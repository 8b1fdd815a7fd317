/** @jsxImportSource hono/jsx */
// The frame of each page: head, top bar with connection and counts, and the place for a banner.

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { inFrontPath } from "../../domain/access/token-scopes.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { listNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { needVerb } from "../../domain/fleet/needs/need.ts";
import { countSections, countsText, type FleetCounts } from "../../domain/fleet/shown/sections.ts";
import type { Spent } from "../../domain/spending/spending-report.ts";
import type { Health } from "../../server/server.ts";
import { assetPath, assetsVersion } from "../assets.ts";
import { absoluteTime } from "./age.ts";
import { capitalized } from "./capitalized.ts";
import { Icon } from "./parts/icon.tsx";
import { PageNav } from "./parts/page-nav.tsx";
import { Clock } from "./parts/time.tsx";
import { UsageTotal } from "./parts/usage.tsx";
import { needId } from "./requests/need-item.tsx";
import { ActLink } from "./viewer/act.tsx";
import { useViewer, whyMayNot } from "./viewer/viewer.tsx";

export interface LayoutProps {
  readonly title: string;
  readonly views: readonly AgentView[];
  readonly health: Health;
  readonly now: Date;
  /** The path of the page. */
  readonly path: string;
  /** How many things of the system need attention. */
  readonly troubles: number;
  /** What the fleet has spent today. */
  readonly today: Spent;
  /** The address of the event stream that updates the page; absent if nothing on it can change. */
  readonly stream?: string;
  /** Whether the page tells that it is in front of a person. One without an event stream never does, because it shows nothing that is new. */
  readonly tellsInFront?: boolean;
  readonly children: Child;
}

export function Layout(props: LayoutProps) {
  const { title, views, health, now, path, troubles, today, stream, tellsInFront = false, children } = props;
  const mayTell =
    tellsInFront && stream !== undefined && whyMayNot(useViewer(), "POST", inFrontPath) === undefined;
  const at = now.toISOString();
  const counts = countSections(views);
  return (
    <>
      {raw("<!doctype html>")}
      <html
        lang="en"
        data-assets={assetsVersion}
        data-stream={stream}
        data-at={at}
        data-in-front={mayTell ? inFrontPath : undefined}
      >
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{title} · cliai</title>
          <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)" />
          <meta name="theme-color" content="#14181e" media="(prefers-color-scheme: dark)" />
          <link rel="icon" href={assetPath("icon.svg")} />
          <link rel="apple-touch-icon" href={assetPath("icon-touch.png")} />
          <link rel="manifest" href={assetPath("manifest.webmanifest")} />
          <link rel="stylesheet" href={assetPath("style.css")} />
          <script type="module" src={assetPath("page.js")} />
        </head>
        <body>
          <a class="skip" href="#main">
            Skip to the content
          </a>
          <header class="top">
            <a class="brand" href="/">
              <Icon name="prompt" />
              cliai
            </a>
            <InboxLink count={counts["needs-you"]} />
            <a class="top-act" href="/search">
              <Icon name="search" /> Search
            </a>
            <Counts counts={counts} />
            <UsageTotal today={today} />
            {/* The fleet page has the button among its own. */}
            {path !== "/" && (
              <ActLink class="top-act" href="/bulk/pause" posts="/bulk">
                <Icon name="pause" /> Pause all
              </ActLink>
            )}
            <p id="link" class="link" title={absoluteTime(at)}>
              as of <Clock at={at} />
              <span data-utc-note> UTC</span>
            </p>
            <HoldButton />
          </header>
          <PageNav path={path} troubles={troubles} />
          <div role="status">
            <p id="lost" class="banner" hidden />
            <NatsBanner health={health} />
          </div>
          <div id="announce" class="unseen" role="log" aria-live="polite" aria-label="What has changed" />
          <p id="alert" class="unseen" role="alert" />
          <OpenNeeds views={views} />
          <main id="main" tabindex={-1}>
            {children}
          </main>
          <p id="say" class="say" role="alert" />
          <KeptItem />
        </body>
      </html>
    </>
  );
}

/** Pauses the updates of the page. A script shows it, because without scripts there are none. */
function HoldButton() {
  return (
    <button
      type="button"
      id="hold"
      class="hold"
      aria-pressed="false"
      title="What needs you, and whether anything can be sent, stays up to date"
      hidden
    >
      <span>Hold updates</span>
    </button>
  );
}

export function Counts({ counts }: { counts: FleetCounts }) {
  return (
    <p
      id="counts"
      class={counts["needs-you"] > 0 ? "counts wanted" : "counts"}
      data-needs-you={counts["needs-you"]}
    >
      {countsText(counts)}
    </p>
  );
}

export function InboxLink({ count }: { count: number }) {
  return (
    <a id="inbox-link" class={count > 0 ? "inbox-link wanted" : "inbox-link"} href="/inbox">
      <Icon name="mail" />
      Inbox
      {count > 0 && (
        <span class="count">
          {count}
          <span class="unseen"> {count === 1 ? "waits" : "wait"} for you</span>
        </span>
      )}
    </a>
  );
}

/** At most so many needs are spoken by name when they come; their number stands at the link to the inbox. */
const openNamed = 50;

/** The newest needs, for the script that has screen readers speak each new one. It is not shown. */
export function OpenNeeds({ views }: { views: readonly AgentView[] }) {
  return (
    <ul id="open-needs" hidden>
      {listNeeds(views)
        .slice(-openNamed)
        .map((need) => (
          <li data-need={needId(need)}>
            {need.agent_id} {needVerb(need.kind)}: {need.reason}
          </li>
        ))}
    </ul>
  );
}

/** What the script shows in place of a request that somebody else decided while a person was typing an answer. */
function KeptItem() {
  return (
    <template id="kept-item">
      <li class="request kept">
        <h2>
          Not sent to <span data-part="asker" />
        </h2>
        <p data-part="how" />
        <p class="quiet" data-part="asked" />
        <label>
          What you had typed
          <textarea readonly rows={3} />
        </label>
        <div class="answer-buttons">
          <button type="button" data-dismiss>
            Dismiss
          </button>
        </div>
      </li>
    </template>
  );
}

export function NatsBanner({ health }: { health: Health }) {
  const text = `${health.reason ?? "not ready"}. Commands are refused until it is back.`;
  return (
    <p id="nats" class="banner" hidden={health.ready} data-ready={String(health.ready)}>
      {health.ready ? "" : capitalized(text)}
    </p>
  );
}
