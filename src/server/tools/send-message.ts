// Sends messages between agents: finds the receivers and the thread, and makes a repeated call send nothing twice.
import { definedOf } from "../../domain/defined.ts";
import { inboxOf } from "../../domain/fleet/agent-record.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import type { AgentMessage } from "../../domain/wire/order-messages.ts";
import { roles } from "../../domain/wire/roles.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { type FleetState, unknownAgent } from "../fleet/fleet-state.ts";
import { createOrderToken } from "../order-names.ts";
import { refuseStopped } from "../order-target.ts";
import { idOfCall } from "./call-id.ts";
import type { ToolContext } from "./tool-context.ts";

export interface Sending {
  /** An agent's id, `role:NAME` or `all`. */
  readonly to: string;
  readonly text: string;
  readonly reply_to?: string | undefined;
  readonly kind?: AgentMessage["kind"];
}

/**
 * Sends one message to each receiver, all in one thread: the thread of the message replied to, else a new one. An agent's id means that
 * agent, online or not; `role:NAME` and `all` mean the other agents that are online.
 */
export async function sendMessages(sending: Sending, context: ToolContext): Promise<unknown> {
  const { id, fleet, call } = context;
  const isDirect = sending.to !== "all" && !sending.to.startsWith("role:");
  const receivers = isDirect ? [requireReceiver(sending.to, fleet)] : audienceOf(sending.to, context);
  const baseId = idOfCall(call);
  const thread = sending.reply_to === undefined ? baseId : threadOf(sending.reply_to, id, fleet);
  // Afterwards the receivers' records have all orders that are stored by now. By them a repeated call is recognised.
  await context.readAll(id);
  const send = (to: AgentId, message_id: string) =>
    storeMessage(context, { ...sending, from: id, to, message_id, thread });
  const [first] = receivers;
  if (isDirect && first !== undefined) {
    await send(first.agent_id, baseId);
    return { message_id: baseId, thread, stored: true, waiting_for_them: inboxOf(first).length + 1 };
  }
  const outcomes = await Promise.allSettled(
    receivers.map(({ agent_id }) => send(agent_id, `${baseId}-${agent_id}`)),
  );
  return describeFanOut(receivers, outcomes, thread);
}

export interface StoredMessage extends Sending {
  readonly from: string;
  readonly to: AgentId;
  readonly message_id: string;
  readonly thread: string;
  readonly by_operator?: true;
}

/** The messages that are being stored, because a call may be repeated before the first one has finished. */
const beingStored = new WeakMap<Bus, Map<string, Promise<void>>>();

/**
 * Stores a message once for each message id, as long as the receiver's record has the message: it has the orders that wait, and the last
 * ones that are over.
 * It gives no `Nats-Msg-Id`, because nats-server would keep each in memory for a day, and agents may send as many as they like.
 */
export async function storeMessage(context: StoringContext, message: StoredMessage): Promise<void> {
  const { to, message_id } = message;
  const commands = context.fleet.record(to)?.commands ?? [];
  if (commands.some(({ command_id, type }) => command_id === message_id && type === "message")) return;
  const storing = beingStored.get(context.bus) ?? new Map<string, Promise<void>>();
  beingStored.set(context.bus, storing);
  const key = `${to} ${message_id}`;
  const stored = storing.get(key) ?? publishMessage(context, message).finally(() => storing.delete(key));
  storing.set(key, stored);
  await stored;
}

type StoringContext = Pick<ToolContext, "bus" | "fleet" | "now">;

async function publishMessage(
  { bus, now }: StoringContext,
  { message_id, from, to, text, reply_to, thread, kind, by_operator }: StoredMessage,
): Promise<void> {
  const message = {
    message_id,
    token: createOrderToken(),
    from,
    to,
    text,
    thread,
    ...definedOf({ reply_to, kind, by_operator }),
    timestamp: now().toISOString(),
  };
  await bus.publishStored(agentSubject(to, "message"), message);
}

/** @throws CliaiError `agent_unknown` with the nearest ids; `refused` for one that was stopped */
function requireReceiver(to: string, fleet: FleetState): AgentView {
  const view = fleet.get(parseAgentId(to));
  if (view !== undefined) {
    refuseStopped(view);
    return view;
  }
  throw unknownAgent(
    to,
    fleet.list().map(({ agent_id }) => agent_id),
  );
}

/** @throws CliaiError `agent_unknown` if no other agent of that role or profile is online */
function audienceOf(to: string, { id, fleet, roleOf }: ToolContext): AgentView[] {
  const name = to.replace(/^role:/, "");
  const isRole = (roles as readonly string[]).includes(name);
  const others = fleet.list().filter(({ agent_id, axes }) => agent_id !== id && axes.link.value === "online");
  const audience = others.filter(({ agent_id, config_name }) => {
    if (to === "all") return true;
    // A name that is not a role is the name of a profile.
    return isRole ? roleOf(agent_id) === name : config_name === name;
  });
  if (audience.length > 0) return audience;
  throw new CliaiError(
    "agent_unknown",
    to === "all" ? "no other agent is online" : `no "${name}" is online`,
    {
      hint: "list the agents with list_agents",
    },
  );
}

/** @throws CliaiError `usage` for a message that is not among the last ones that the sender had or sent */
function threadOf(replyTo: string, id: AgentId, fleet: FleetState): string {
  const find = (view: AgentView | undefined) =>
    view?.commands.find(({ command_id, type }) => type === "message" && command_id === replyTo);
  const had = find(fleet.get(id));
  if (had !== undefined) return had.thread ?? had.command_id;
  for (const view of fleet.list()) {
    const sent = find(view);
    if (sent?.from === id) return sent.thread ?? sent.command_id;
  }
  throw new CliaiError("usage", `no message "${replyTo}" among the last ones you had or sent`, {
    hint: "leave reply_to out",
  });
}

function describeFanOut(
  receivers: readonly AgentView[],
  outcomes: readonly PromiseSettledResult<void>[],
  thread: string,
): unknown {
  const failed = new Map<string, string>();
  let error: unknown;
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") continue;
    error = outcome.reason;
    failed.set(receivers[index]?.agent_id ?? "", messageOf(outcome.reason));
  }
  if (failed.size === receivers.length) throw error;
  const to = receivers.map(({ agent_id }) => agent_id).filter((receiver) => !failed.has(receiver));
  const notStored = failed.size === 0 ? {} : { not_stored: Object.fromEntries(failed) };
  return { thread, stored: to.length, to, ...notStored };
}
