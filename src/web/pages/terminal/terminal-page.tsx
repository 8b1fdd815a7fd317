/** @jsxImportSource hono/jsx */
// This room is the pages of an agent's terminal: a picture of it, which is up to date while the page is open, and a page to type there.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { ShownScreen } from "../../../domain/screen/picture.ts";
import { assetPath } from "../../assets.ts";
import { AgentTabs } from "../agent/agent-tabs.tsx";
import { Icon } from "../parts/icon.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { rowId, ScreenRow } from "./screen-rows.tsx";

export interface TerminalProps {
  readonly view: AgentView;
  /** Undefined if no picture has come. */
  readonly screen: ShownScreen | undefined;
}

export function TerminalPage({ view, screen }: TerminalProps) {
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
      <TerminalScreen view={view} screen={screen} />
    </>
  );
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
      {screen !== undefined && !isGone && (
        <p class="facts">
          <a href={`/agents/${view.agent_id}/terminal/type`}>Type there</a> on a page, or in any terminal:{" "}
          <code id="attach-line">cliai attach {view.agent_id}</code>
          <button type="button" data-copy="attach-line">
            Copy
          </button>
        </p>
      )}
    </div>
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
