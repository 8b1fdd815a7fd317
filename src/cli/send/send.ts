// This room is `cliai send`.
//
// Sends a command to one agent, or to all that are online or match a filter, and prints its receipts.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { matchesFilter, parseFilter } from "../../domain/fleet/shown/agent-filter.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { buildCommand } from "../../server/send-command.ts";
import { ensureServer } from "../background/ensure-server.ts";
import { withClient } from "../fleet/client.ts";
import { createFleetReader, type FleetReading, viewsOf } from "../fleet/fleet-reading.ts";
import { defineCliCommand } from "../frame/command.ts";
import { type CliContext, patienceOf } from "../frame/context.ts";
import { throwWorst } from "../frame/worst-error.ts";
import { readSending, type Sending, sendArgs } from "./send-args.ts";
import { awaitTaker, orderIdOf, type SendingParts, sendToOne } from "./send-to-one.ts";
import { meantAsReason, readTargets, readType, readWords, withTaskMeant } from "./send-words.ts";

export const sendCommand = defineCliCommand({
  name: "send",
  example: `cliai send task ada "what to do", or: cliai send stop ada`,
  description: "send stop, pause, resume or a task to an agent, and print each receipt as it comes",
  args: sendArgs,
  takesMore: true,
  async run(given, context, more) {
    const { args, others } = readWords(withTaskMeant(given), more);
    const sending = await readSending(args, context);
    await ensureServer(args, context);
    const work = async (bus: Bus) => {
      const fleet = createFleetReader(bus, context);
      const parts = { bus, fleet, context };
      // `send AGENT TEXT` is a task only if there is such an agent. If not, the word was meant as a command.
      if (args.command !== given.command && (await fleet.find(parseAgentId(args.agent ?? ""))) === undefined)
        readType(given.command, [given.agent ?? ""]);
      const isAll = args.agent === "all" && (await fleet.find(parseAgentId("all"))) === undefined;
      if (isAll && others.length > 0) throw meantAsReason(args.command, ["all"], others);
      if (args.all === true || isAll || args.filter !== undefined) {
        await sendToAll(parts, sending, await fleet.all(), args.filter);
        return 0;
      }
      const readings = await readTargets(fleet, args.command, [args.agent ?? "", ...others]);
      const records = await Promise.all(
        readings.map((each) => awaitTaker(fleet, each, sending, context.attempt)),
      );
      const [only] = records;
      if (records.length === 1 && only !== undefined) await sendToOne(parts, sending, only, sending.key, "");
      else await sendToEach(parts, sending, records);
      return 0;
    };
    return await withClient(args, context, work, patienceOf(sending.timeoutMs, context.attempt));
  },
});

/** Prints the targets first. */
async function sendToAll(
  parts: SendingParts,
  sending: Sending,
  reading: FleetReading,
  words: string | undefined,
): Promise<void> {
  const { context } = parts;
  const filter = parseFilter(words ?? "");
  const views = viewsOf(reading).filter((view) => matchesFilter(view, filter));
  const sent = await sentBefore(views, sending.key, context.attempt);
  const isTarget = (view: AgentView) => isOnline(view) || sent.has(view.agent_id);
  const targets = views.filter(isTarget).flatMap(({ agent_id }) => reading.records.get(agent_id) ?? []);
  const others = views.filter((view) => !isTarget(view));
  const [first] = targets;
  if (first === undefined) {
    const which = words === undefined ? "" : ` that matches "${words}"`;
    throw new CliaiError("agent_unknown", `no agent${which} is online`, {
      hint: `list the agents: cliai ls${words === undefined ? "" : ` --filter '${words}'`}`,
    });
  }
  // Refuse an invalid order before it is sent to the first agent.
  buildCommand({ ...sending.order, id: first.agent_id }, "check", context.now());
  context.note(`${sending.order.type} to ${namesIn(targets)}`);
  if (others.length > 0) context.note(`not to ${namesIn(others)}: not online`);
  await sendToEach(parts, sending, targets);
}

/** The agents that the first try of this attempt has sent the order. They may have ended by it. */
async function sentBefore(
  views: readonly AgentView[],
  key: string | undefined,
  attempt: CliContext["attempt"],
): Promise<ReadonlySet<string>> {
  if (attempt?.isSecond !== true) return new Set();
  const sent = views.map(async ({ agent_id, commands }) => {
    const id = keyOf(key, agent_id) ?? (await orderIdOf(attempt, agent_id));
    return commands.some(({ command_id }) => command_id === id) ? [agent_id] : [];
  });
  return new Set((await Promise.all(sent)).flat());
}

/** Appends the agent's id to `--id`, because COMMANDS stores each message id only once. */
function keyOf(key: string | undefined, id: AgentId): string | undefined {
  return key === undefined ? undefined : `${key}-${id}`;
}

function isOnline({ axes }: AgentView): boolean {
  return axes.link.value === "online";
}

async function sendToEach(
  parts: SendingParts,
  sending: Sending,
  targets: readonly AgentRecord[],
): Promise<void> {
  const width = Math.max(...targets.map(({ agent_id }) => agent_id.length));
  const results = await Promise.allSettled(
    targets.map((record) => {
      const key = keyOf(sending.key, record.agent_id);
      return sendToOne(parts, sending, record, key, `${record.agent_id.padEnd(width)}  `);
    }),
  );
  const errors = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  const words = `${sending.order.type} did not become ${sending.wait} at ${errors.length} of ${targets.length} agents`;
  throwWorst(errors, words, parts.context.note);
}

function namesIn(records: readonly Pick<AgentRecord, "agent_id">[]): string {
  return records.map(({ agent_id }) => agent_id).join(", ");
}
