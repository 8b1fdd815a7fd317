/** @jsxImportSource hono/jsx */
// The commands that an agent was sent, newest first, each with its steps. A step is ticked only if there is a receipt for it.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { unseenAfterMs } from "../../../domain/fleet/axis/activity.ts";
import { awaitsResume } from "../../../domain/fleet/run-end.ts";
import { type CommandRecord, isFinal, isUnseen, type ReceiptEntry } from "../../../domain/receipts.ts";
import { framingOf } from "../../../domain/route-names.ts";
import { spanText } from "../../../domain/text/moment.ts";
import type { ReceiptState } from "../../../domain/wire/messages.ts";
import { absoluteTime } from "../age.ts";
import { shortenIds } from "../shorten-ids.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Age, Clock } from "./time.tsx";

const icons: Record<CommandRecord["type"], IconName> = {
  task: "text",
  pause: "pause",
  resume: "play",
  stop: "stop",
  shutdown: "stop",
  message: "mail",
};

export function CommandList({ view, now }: { view: AgentView; now: Date }) {
  return (
    <section id="agent-commands" class="panel" aria-labelledby="title-commands">
      <h2 id="title-commands">Commands</h2>
      {view.commands.length === 0 && (
        <p class="quiet">None yet. What you send appears here, with its receipts.</p>
      )}
      <ol class="commands">
        {view.commands.toReversed().map((command) => (
          <Command command={command} now={now} why={view.heartbeat?.waits_because} />
        ))}
      </ol>
    </section>
  );
}

interface CommandProps {
  readonly command: CommandRecord;
  readonly now: Date;
  /** Why the waiting commands cannot be handed to the CLI now. */
  readonly why?: string | undefined;
}

function Command({ command, now, why }: CommandProps) {
  const { command_id, type, from, summary, issued_at, receipts } = command;
  return (
    <li id={`command-${command_id}`} data-state={receipts.at(-1)?.state}>
      <p class="facts">
        <b class="order">
          <Icon name={icons[type]} />
          {type}
        </b>
        <span>from {from}</span>
        <Age at={issued_at} now={now} />
        <code class="quiet" title={command_id}>
          {shortenIds(command_id)}
        </code>
      </p>
      {summary !== "" && <p class="words">{summary}</p>}
      <Receipts type={type} receipts={receipts} />
      <Unseen command={command} now={now} why={why} />
      <Ways type={type} receipts={receipts} />
    </li>
  );
}

export function Receipts({ type, receipts }: Pick<CommandRecord, "type" | "receipts">) {
  return (
    <ol class="receipts" aria-label={`How far the ${type} has come`}>
      {stepsOf(receipts).map((step) => (
        <Step {...step} />
      ))}
    </ol>
  );
}

/** The route and the detail of each step. */
function Ways({ type, receipts }: Pick<CommandRecord, "type" | "receipts">) {
  const told = receipts.filter(({ route, detail }) => route !== undefined || detail !== undefined);
  if (told.length === 0) return null;
  return (
    <table class="ways">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Route</th>
          <th scope="col">Detail</th>
        </tr>
      </thead>
      <tbody>
        {told.map(({ state, route, detail }) => (
          <tr>
            <th scope="row">{state}</th>
            <td>{route}</td>
            <td>{detail ?? (type === "task" ? framingOf(route) : undefined)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** For a command that was delivered but not seen: how long ago it was delivered, and what a person can do. */
function Unseen({ command, now, why }: CommandProps) {
  const { type, receipts, run_ended } = command;
  const last = receipts.at(-1);
  if (run_ended !== undefined && (isUnseen(command) || awaitsResume(command))) {
    return (
      <p class="attention">
        {isUnseen(command)
          ? `not seen before the run ended: the ${type} waits for the next run`
          : "the session has ended: the task stays open until the session is resumed, and fails when the resume window is over"}{" "}
        ({run_ended.how}, <Age at={run_ended.at} now={now} />)
      </p>
    );
  }
  if (last === undefined || type === "message") return null;
  if (last.state !== "delivered" && last.state !== "injected") return null;
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(last.at)) / 1000));
  return (
    <p class={seconds < unseenAfterS ? "quiet" : "attention"}>
      {last.state}, not seen for{" "}
      <time data-span dateTime={last.at} title={absoluteTime(last.at)}>
        {spanText(seconds)}
      </time>
      {type === "task" && last.state === "delivered" && why !== undefined && <>: {why}</>}
      {seconds >= unseenAfterS && <>. {nextSteps[type]}</>}
    </p>
  );
}

const unseenAfterS = unseenAfterMs / 1_000;

const nextSteps: Readonly<Record<CommandRecord["type"], string>> = {
  task: "You can wait: the agent takes it when the present turn ends. Or stop the agent, and send the task to another one.",
  pause: "You can wait: the agent stops before its next tool call. Or stop the agent.",
  resume: "You can wait, or send it again.",
  stop: "You can wait, or press Stop now, which ends the agent's process.",
  shutdown: "You can wait, or press Stop now, which ends the agent's process.",
  message: "",
};

interface StepProps {
  readonly state: ReceiptState;
  readonly receipt: ReceiptEntry | undefined;
}

/** The steps of a command: stored, delivered, injected (only if there is a receipt for it), seen, and its end. */
function stepsOf(receipts: readonly ReceiptEntry[]): StepProps[] {
  const last = receipts.findLast(({ state }) => isFinal(state))?.state ?? "applied";
  const way: ReceiptState[] = ["stored", "delivered", "injected", "seen", last];
  return way
    .map((state) => ({ state, receipt: receipts.find((receipt) => receipt.state === state) }))
    .filter(({ state, receipt }) => state !== "injected" || receipt !== undefined);
}

function Step({ state, receipt }: StepProps) {
  const isBad = state === "failed" || state === "refused" || state === "expired";
  if (receipt === undefined) {
    return (
      <li class="ahead">
        <span class="unseen">not yet </span>
        {state}
      </li>
    );
  }
  return (
    <li class={isBad ? "bad" : "reached"}>
      <Icon name={isBad ? "cross" : "check"} />
      {state} <Clock at={receipt.at} />
    </li>
  );
}
