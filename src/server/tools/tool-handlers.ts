// This room answers the agents' tool calls: one handler for each tool.
//
// One handler for each row of `src/domain/wire/tools/tools.ts`. A handler does not change records itself: it publishes a message, and the
// projector reads that from the streams.
import { definedOf } from "../../domain/defined.ts";
import { isGoodbye } from "../../domain/fleet/axis/link.ts";
import { isHad } from "../../domain/fleet/run-end.ts";
import { type CommandRecord, isFinal, namesOf } from "../../domain/receipts.ts";
import { type AgentRequest, isOfAgent } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { reportedWords, statusWords } from "../../domain/wire/messages.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { InboxItem } from "../inbox/inbox-item.ts";
import { ask } from "./ask.ts";
import { captainHandlers } from "./captain-handlers.ts";
import { fileHandlers, filesOf } from "./file-handlers.ts";
import { sendMessages } from "./send-message.ts";
import type { ToolContext, ToolHandlers } from "./tool-context.ts";

const agentsListed = 200;
/** Long, because a busy session takes a task only at its next step. If the agent has another run, the hold ends at once anyway. */
const hostConfirmsWithinMs = 24 * 60 * 60 * 1_000;

export const toolHandlers: ToolHandlers = {
  ...captainHandlers,
  ...fileHandlers,

  async report_status({ status, current_task, message }, context) {
    if (isGoodbye(status)) {
      throw new CliaiError("usage", `"${status}" is reported for you when you end`, {
        hint: `while you run, report one of ${reportedWords.join(", ")}`,
      });
    }
    await report(context, "status", {
      status,
      ...definedOf({ current_task, message }),
    });
    return (statusWords as readonly string[]).includes(status)
      ? `status recorded: ${status}`
      : `status recorded as text; to set a known status, report one of ${reportedWords.join(", ")}`;
  },

  async report_progress({ percent, note }, context) {
    await report(context, "event", {
      kind: "progress",
      detail: note,
      ...definedOf({ percent }),
    });
    return "progress recorded";
  },

  async log_activity({ action, details }, context) {
    await report(context, "event", {
      kind: "activity",
      detail: details === undefined ? action : `${action}: ${details}`,
    });
    return "activity recorded";
  },

  async report_metrics(usage, context) {
    await report(context, "event", { kind: "usage", usage });
    return "metrics recorded";
  },

  async ask_human({ question, context, choices, wait_s, expires_s }, caller) {
    const words = { question, ...definedOf({ context }) };
    const kind = { kind: "question", on_expiry: "expire" } as const;
    const asking = { ...kind, ...words, ...definedOf({ choices }) };
    return await ask({ ...asking, waitS: wait_s, expiresS: expires_s }, caller);
  },

  async request_stop_approval({ reason, context, work_completed, wait_s, expires_s }, caller) {
    const done = work_completed.trim() === "" ? "" : `work completed: ${work_completed}`;
    const asking = {
      kind: "stop_approval",
      on_expiry: "refuse",
      question: reason,
      context: [context, done].filter((part) => part.trim() !== "").join("\n\n"),
    } as const;
    return await ask({ ...asking, waitS: wait_s, expiresS: expires_s }, caller);
  },

  async withdraw_request({ request_id }, { id, requests, now }) {
    const known = requests.get(request_id) ?? requests.open().find((each) => isAskedBy(each, id, request_id));
    if (known?.agent_id === id && known.state === "withdrawn") return "withdrawn";
    await requests.decide(known?.request_id ?? request_id, ({ agent_id, kind }) => {
      if (agent_id === id && isOfAgent({ kind })) return { type: "withdraw", at: now().toISOString() };
      throw new CliaiError(
        "refused",
        `request ${request_id} is ${isOfAgent({ kind }) ? agent_id : "serve"}'s, not yours`,
        {
          hint: "give the request_id of a request of your own",
        },
      );
    });
    return "withdrawn";
  },

  async check_inbox({ item, offset = 0 }, context) {
    const { id, inbox } = context;
    if (item !== undefined) return await inbox.rest(id, item, offset);
    const { items, ...more } = await inbox.take(id, context);
    handOverAll(items, context);
    // The model does not need the token.
    return { items: items.map(({ token: _, ...shown }) => shown), ...more };
  },

  async take_orders({ types }, context) {
    // All calls of a host's run are one holder. So the host gets the items again that it has not confirmed, and recognises them by their ids.
    const requestId = context.instanceId === undefined ? context.requestId : `host.${context.instanceId}`;
    const call = { ...context, requestId, confirmsWithinMs: hostConfirmsWithinMs };
    const handout = await context.inbox.take(context.id, call, types);
    handOverAll(handout.items, context);
    // If the host continues an earlier session, it ends the tasks that the session had in the run before.
    const open_tasks = (context.fleet.record(context.id)?.commands ?? []).flatMap((command) =>
      command.type === "task" && command.taken_by !== undefined && isHad(command)
        ? [{ ...namesOf(command), ...command.taken_by }]
        : [],
    );
    return { ...handout, open_tasks };
  },

  async request_permission({ tool, input, plan = false, held = false, wait_s, expires_s }, caller) {
    const asking = {
      kind: "permission",
      on_expiry: "refuse",
      ...(held ? { held } : {}),
      question: plan ? "May it carry out this plan?" : `May it use ${tool}?`,
      context: input,
      ...(plan ? { plan } : { tool }),
    } as const;
    return await ask({ ...asking, waitS: wait_s, expiresS: expires_s }, caller);
  },

  async request_turn_end({ reason, context, wait_s, expires_s }, caller) {
    const asking = { kind: "stop_approval", on_expiry: "refuse", holds_turn: true } as const;
    return await ask({ ...asking, question: reason, context, waitS: wait_s, expiresS: expires_s }, caller);
  },

  async request_answers({ questions, held = false, wait_s, expires_s }, caller) {
    const [only, ...others] = questions;
    const asking = {
      kind: "question",
      on_expiry: "expire",
      ...(held ? { held } : {}),
      question: questions.map(({ question }) => question).join("\n"),
      ...(only === undefined || others.length > 0 ? {} : { choices: only.choices.map(({ label }) => label) }),
      questions,
    } as const;
    return await ask({ ...asking, waitS: wait_s, expiresS: expires_s }, caller);
  },

  async acknowledge({ command_id, outcome, note }, context) {
    const find = () =>
      context.fleet.record(context.id)?.commands.find((known) => known.command_id === command_id);
    // This serve may not have read the order yet, if another serve has handed it over a moment ago.
    if (find() === undefined) await context.readAll(context.id);
    if (find() === undefined) {
      throw new CliaiError("usage", `no command "${command_id}" was sent to you`, {
        hint: "use the command_id from check_inbox",
      });
    }
    const finalOf = (command: CommandRecord) => command.receipts.find(({ state }) => isFinal(state));
    const stored = await context.orderEnds.store(context.id, () => {
      const command = find();
      if (command === undefined || finalOf(command) !== undefined) return undefined;
      const facts = { state: outcome, route: "acknowledge", ...definedOf({ detail: note }) };
      return { ...namesOf(command), ...facts, timestamp: context.now().toISOString() };
    });
    if (stored === undefined) {
      const known = find();
      return `it was ${(known && finalOf(known)?.state) ?? "removed"} already`;
    }
    // The answer tells how many orders still wait. Wait here, so that the one that was just acknowledged is not among them.
    await context.catchUp(context.id);
    return `recorded as ${outcome}`;
  },

  async list_agents(_args, context) {
    const { fleet, roleOf } = context;
    const agents = fleet.list();
    const files = filesOf(context);
    const shown = agents
      .slice(0, agentsListed)
      .map(({ agent_id, status, config_name, current_task, last_seen, said, axes }) => ({
        agent_id,
        status,
        ...(axes.link.value === "online" ? {} : { why: summaryOf(said?.message ?? axes.link.reason) }),
        ...(roleOf(agent_id) === "captain" ? { role: "captain" } : {}),
        ...definedOf({ profile: config_name }),
        ...(current_task === undefined || current_task === "" ? {} : { current_task }),
        ...files(agent_id),
        last_seen,
      }));
    return agents.length > agentsListed
      ? { agents: shown, not_shown: agents.length - agentsListed }
      : { agents: shown };
  },

  async send_message(sending, context) {
    return await sendMessages(sending, context);
  },
};

async function report(
  { id, bus, now }: ToolContext,
  topic: "status" | "event" | "receipt",
  body: Record<string, unknown>,
): Promise<void> {
  const message = { agent_id: id, ...body, timestamp: now().toISOString() };
  await bus.publishStored(agentSubject(id, topic), message);
}

function handOverAll(items: readonly InboxItem[], { handOver }: ToolContext): void {
  for (const { command_id, message_id, token } of items) {
    handOver(namesOf({ command_id: command_id ?? message_id ?? "", token }));
  }
}

/** Whether the agent has made this request by the call `callId`. A caller that does not know the request's id names its own call. */
function isAskedBy({ agent_id, call_id }: AgentRequest, id: AgentId, callId: string): boolean {
  return agent_id === id && call_id === callId;
}
