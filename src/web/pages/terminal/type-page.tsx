/** @jsxImportSource hono/jsx */
// The page on which a person types at an agent's terminal. Its script (src/web/browser/terminal/type.js) draws the screen; the page adds style
// elements by script, which is why it alone has a nonce.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { assetPath } from "../../assets.ts";
import { text16 } from "../../terminal-style.ts";
import { AgentTabs } from "../agent/agent-tabs.tsx";
import { Icon } from "../parts/icon.tsx";
import { LastAction } from "../parts/last-action.tsx";
import { AttentionLine, StatusBadge } from "../parts/status-badge.tsx";
import { whyNone } from "./terminal-page.tsx";

export interface TypePageProps {
  readonly view: AgentView;
  readonly now: Date;
  readonly nonce: string;
}

/** Keys that the keyboards of phones lack, as a terminal sends them. */
const keys = [
  { label: "Esc", name: "Esc", sends: "\u001b" },
  { label: "Tab", name: "Tab", sends: "\t" },
  { label: "⇧Tab", name: "Shift-Tab", sends: "\u001b[Z" },
  { label: "↑", name: "Up", sends: "\u001b[A" },
  { label: "↓", name: "Down", sends: "\u001b[B" },
  { label: "←", name: "Left", sends: "\u001b[D" },
  { label: "→", name: "Right", sends: "\u001b[C" },
  { label: "Enter", name: "Enter", sends: "\r" },
  { label: "^C", name: "Control-C", sends: "\u0003" },
] as const;

/** Whether the agent has a terminal on which somebody may type. */
export function canType({ heartbeat, axes }: AgentView): boolean {
  return heartbeat?.session_mode !== "headless" && axes.link.value === "online";
}

export function TypePage({ view, now, nonce }: TypePageProps) {
  const { agent_id: id } = view;
  return (
    <>
      <link rel="stylesheet" href={assetPath("terminal/type.css")} />
      <p class="crumb">
        <a href={`/agents/${id}/terminal`}>
          <Icon name="back" /> Terminal of {id}
        </a>
      </p>
      <h1>Type at the terminal of {id}</h1>
      <TypeHead view={view} now={now} />
      <AgentTabs id={id} tab="terminal" />
      {canType(view) ? <Typing id={id} nonce={nonce} /> : <NoTerminal view={view} />}
    </>
  );
}

/** The parts of the page that are sent when the agent changes. What the terminal shows, and who types there, comes with the screen. */
export function typingParts({ view, now }: Omit<TypePageProps, "nonce">) {
  return [
    { id: "type-head", part: <TypeHead view={view} now={now} /> },
    { id: "no-terminal", part: <NoTerminal view={view} /> },
  ];
}

/** How the agent is, and what it needs a person for. */
function TypeHead({ view, now }: Omit<TypePageProps, "nonce">) {
  const { agent_id, needs } = view;
  return (
    <div id="type-head" class="agent-head">
      <p class="facts">
        <StatusBadge view={view} />
        <span>
          last action <LastAction view={view} now={now} />
        </span>
        {needs.length > 0 && <a href={`/agents/${agent_id}`}>What it needs, on its page</a>}
      </p>
      <AttentionLine view={view} now={now} />
    </div>
  );
}

function Typing({ id, nonce }: Pick<TypePageProps, "nonce"> & { id: string }) {
  return (
    <>
      <noscript>
        <p>
          Typing here needs scripts. In any terminal: <code>cliai attach {id}</code>
        </p>
      </noscript>
      <div class="keyboard">
        <p id="keyboard-say" role="status">
          Connecting …
        </p>
        <button type="button" id="keyboard-take" class="primary" disabled>
          Type here
        </button>
        <button type="button" id="keyboard-leave" hidden>
          Leave the keyboard
        </button>
      </div>
      <section
        id="typed"
        class="typed"
        aria-label={`Terminal of ${id}`}
        data-agent={id}
        data-colours={JSON.stringify(text16)}
      />
      <fieldset class="keys" aria-label="Keys">
        {keys.map(({ label, name, sends }) => (
          <button type="button" data-key={sends} aria-label={name} disabled>
            {label}
          </button>
        ))}
      </fieldset>
      <p class="quiet typed-notes">
        <span id="typed-facts" /> Ctrl-\ leaves the keyboard, and so does leaving this page; the agent goes
        on. One person types at a time; whoever sits at the agent's own window can always type. The audit
        records who typed and how much.
      </p>
      <script type="module" id="typing-script" nonce={nonce} src={assetPath("terminal/type.js")} />
    </>
  );
}

function NoTerminal({ view }: Pick<TypePageProps, "view">) {
  const [what, next] = whyNone(view);
  if (canType(view)) {
    return (
      <div id="no-terminal" class="no-terminal">
        <p>
          {view.agent_id} has a terminal now:{" "}
          <a href={`/agents/${view.agent_id}/terminal/type`}>type there</a>
        </p>
      </div>
    );
  }
  return (
    <div id="no-terminal" class="no-terminal">
      <p>{what}</p>
      <p class="quiet">{next}</p>
    </div>
  );
}
