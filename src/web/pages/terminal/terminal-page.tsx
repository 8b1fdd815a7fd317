/** @jsxImportSource hono/jsx */
// This room is the pages of an agent's terminal: a picture of it, which is up to date while the page is open, and a page to type there.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { OlderPicture, ShownScreen } from "../../../domain/screen/picture.ts";
import { assetPath } from "../../assets.ts";
import { AgentTabs } from "../agent/agent-tabs.tsx";
import { Icon } from "../parts/icon.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { ActLink } from "../viewer/act.tsx";
import { useViewer, whyMayNot } from "../viewer/viewer.tsx";
import { rowId, ScreenLineRow, ScreenRow } from "./screen-rows.tsx";

export interface TerminalProps {
  readonly view: AgentView;
  /** Undefined if no picture has come. */
  readonly screen: ShownScreen | undefined;
}

interface OlderProps {
  /** The rows that have left the screen, as they were when the page was asked for; undefined if they were not asked for, or did not come. */
  readonly older?: OlderPicture | undefined;
  /** How many were asked for. */
  readonly asked: number;
}

export function TerminalPage({ view, screen, older, asked }: TerminalProps & OlderProps) {
  return (
    <>
      <link rel="stylesheet" href={assetPath("terminal.css")} />
      <p class="crumb">
        <a href="/">
          <Icon name="back" /> Fleet
        </a>
      </p>
      <h1>Terminal of {view.agent_id}</h1>
      <TerminalFacts view={view} screen={screen} />
      <AgentTabs id={view.agent_id} tab="terminal" />
      {screen !== undefined && <Older id={view.agent_id} screen={screen} older={older} asked={asked} />}
      <TerminalScreen view={view} screen={screen} />
    </>
  );
}

const olderStep = 200;

/** The rows above the screen, and the way to more of them. They stay as they are while the screen goes on. */
function Older({ id, screen, older, asked }: OlderProps & { id: string; screen: ShownScreen }) {
  const kept = screen.above === undefined ? 0 : screen.above.to - screen.above.from;
  const shown = older?.lines.length ?? 0;
  const more = Math.min(kept, shown + olderStep);
  if (kept === 0 && asked === 0) return undefined;
  return (
    <div class="older">
      <p class="facts">
        {more > shown && (
          <a href={`/agents/${id}/terminal?older=${more}`}>
            {shown === 0 ? `Show the ${more} rows above the screen` : `Show ${more - shown} more`}
          </a>
        )}
        <span class="quiet">{olderWords({ kept, shown, asked })}</span>
      </p>
      {older !== undefined && shown > 0 && (
        <section class="terminal" aria-label={`What has left the screen of ${id}`} tabindex={0}>
          {older.lines.map((line) => (
            <ScreenLineRow line={line} />
          ))}
        </section>
      )}
    </div>
  );
}

function olderWords({ kept, shown, asked }: { kept: number; shown: number; asked: number }): string {
  if (kept === 0) return "No rows above the screen are kept.";
  if (shown === 0) return asked > 0 ? "Its host did not send them." : "";
  return `${shown} of ${kept} rows above the screen, as they were when this page was loaded.`;
}

/** The parts of the page that are sent when they change: each row is one, so that a change of one row sends only that row. */
export function terminalParts({ view, screen }: TerminalProps) {
  const lines = screen?.lines ?? [];
  return [
    { id: "terminal-facts", part: <TerminalFacts view={view} screen={screen} /> },
    {
      id: "terminal",
      part: <TerminalScreen view={view} screen={screen} />,
      key: screen === undefined ? whyNone(view).join() : `${screen.run} ${screen.columns} ${lines.length}`,
    },
    ...lines.map((line, row) => ({ id: rowId(row), part: <ScreenRow row={row} line={line} /> })),
  ];
}

function TerminalFacts({ view, screen }: TerminalProps) {
  const isGone = view.axes.link.value !== "online";
  return (
    <div id="terminal-facts" class="agent-head">
      <p class="facts">
        <StatusBadge view={view} />
        {screen !== undefined && <span>{factsOf(screen).join(" · ")}</span>}
      </p>
      {screen !== undefined && isGone && <p>Its host is away: this is what the terminal showed last.</p>}
      {screen !== undefined && !isGone && <WaysToType id={view.agent_id} />}
    </div>
  );
}

function WaysToType({ id }: { id: string }) {
  const path = `/agents/${id}/terminal/type`;
  const why = whyMayNot(useViewer(), "GET", path);
  return (
    <>
      <p class="facts">
        {why === undefined ? (
          <>
            <ActLink href={path}>Type there</ActLink> on a page, or in any terminal:{" "}
          </>
        ) : (
          "To type there, in a terminal: "
        )}
        <code id="attach-line">cliai attach {id}</code>
        <button type="button" data-copy="attach-line">
          Copy
        </button>
      </p>
      {why !== undefined && <p class="quiet may-not">To type on a page: {why}</p>}
    </>
  );
}

function factsOf({ columns, rows, hasWindow, typist }: ShownScreen): string[] {
  return [
    `${columns} × ${rows}`,
    hasWindow ? "its window is open" : "its window is closed; it runs on",
    typist === undefined ? "nobody types from elsewhere" : `${typist.name} types there`,
  ];
}

function TerminalScreen({ view, screen }: TerminalProps) {
  if (screen === undefined) {
    const [what, next] = whyNone(view);
    return (
      <div id="terminal" class="no-terminal">
        <p>{what}</p>
        <p class="quiet">{next}</p>
      </div>
    );
  }
  return (
    // It can be wider than the page, so it has to be reached by the keyboard to be scrolled.
    <section
      id="terminal"
      class="terminal"
      aria-label={`What the terminal of ${view.agent_id} shows`}
      tabindex={0}
    >
      {screen.lines.map((line, row) => (
        <ScreenRow row={row} line={line} />
      ))}
    </section>
  );
}

/** Why there is no picture, and what to do about it. */
export function whyNone({ agent_id, heartbeat, axes }: AgentView): readonly [what: string, next: string] {
  if (heartbeat?.session_mode === "headless")
    return [
      `${agent_id} runs without a terminal.`,
      `What it does is on its page, and in: cliai log ${agent_id} --follow`,
    ];
  if (axes.link.value !== "online")
    return [
      `${agent_id} does not run, so there is no terminal to see.`,
      `To start it again, in a terminal: cliai resume ${agent_id} --terminal`,
    ];
  return [
    `No picture of the terminal of ${agent_id} has come yet.`,
    "Its host may be of an older version, on Windows, or a program without a terminal. This page goes on asking.",
  ];
}
