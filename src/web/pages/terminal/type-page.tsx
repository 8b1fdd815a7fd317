/** @jsxImportSource hono/jsx */
// The page on which a person types at an agent's terminal. Its script (src/web/browser/terminal/type.js) draws the screen; the page adds style
// elements by script, which is why it alone has a nonce.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { assetPath } from "../../assets.ts";
import { text16 } from "../../terminal-style.ts";
import { AgentTabs } from "../agent/agent-tabs.tsx";
import { Icon } from "../parts/icon.tsx";
import { whyNone } from "./terminal-page.tsx";

export interface TypePageProps {
  readonly view: AgentView;
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

export function TypePage({ view, nonce }: TypePageProps) {
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
      <AgentTabs id={id} tab="terminal" />
      {canType(view) ? <Typing id={id} nonce={nonce} /> : <NoTerminal view={view} />}
    </>
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
  return (
    <div class="no-terminal">
      <p>{what}</p>
      <p class="quiet">{next}</p>
    </div>
  );
}
