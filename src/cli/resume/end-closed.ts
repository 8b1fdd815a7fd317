// Ends an agent whose terminal was closed, so that its session can be opened on this terminal.
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { attachLine, reopenLine } from "../../domain/fleet/axis/closed-terminal.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { Bus } from "../../nats/bus.ts";
import { sendAndWatch } from "../../server/send-and-watch.ts";
import { pause } from "../../waiting.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import type { Standing } from "./standing.ts";

const stopsWithinMs = 30_000;
const releasedWithinMs = 20_000;
const lookEveryMs = 50;

/** Whether the agent runs here on a terminal that was closed. */
export function runsOnClosed({ state, view }: Standing, hostname: string): boolean {
  if (state !== "runs" && state !== "paused") return false;
  return view.heartbeat?.terminal_closed === true && view.host === hostname;
}

/** What `resume` says of an agent that runs, if its terminal was closed. */
export function closedWords(view: AgentView): string {
  if (view.heartbeat?.terminal_closed !== true) return "";
  return `; its window is closed; to see it here: ${attachLine(view)}; to end it and open its session here: ${reopenLine(view)}`;
}

/**
 * Interrupts what the agent does, and ends it. Resolves when another run can begin.
 * @throws CliaiError `failed`, `refused`, `no_answer` if it does not end
 */
export async function endClosed(
  view: AgentView,
  dataDir: string,
  bus: Bus,
  context: CliContext,
): Promise<void> {
  const { agent_id: id } = view;
  context.note(`ending ${id}, whose window is closed`);
  const order = { id, type: "stop", force: true, reason: "its session goes on at another terminal" } as const;
  const { state, detail = "" } = await sendAndWatch(
    bus,
    { ...order, from: operatorOf(context) },
    {
      ...{ wait: "applied", timeoutMs: stopsWithinMs, target: view, now: context.now },
      onReceipt: () => undefined,
    },
  );
  const deadline = performance.now() + releasedWithinMs;
  while (state === "applied" && isAgentHeld(dataDir, id) && performance.now() < deadline)
    await pause(lookEveryMs);
  if (state === "applied" && !isAgentHeld(dataDir, id)) return;
  throw new CliaiError(
    "failed",
    `${id} does not end: its stop is ${[state, detail].filter(Boolean).join(", ")}`,
    {
      hint: `see its receipts: cliai show ${id}`,
    },
  );
}
