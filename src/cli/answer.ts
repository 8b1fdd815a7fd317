// `cliai answer`: decides a request where it is kept, the first answer winning, and says what became of the answer.
import type { ArgsDef } from "citty";
import type { AgentId } from "../domain/agent-id.ts";
import { viewAgent } from "../domain/agent-record.ts";
import { decodeFromAgent } from "../domain/decode.ts";
import { CliaiError } from "../domain/errors.ts";
import { ReceiptSchema } from "../domain/messages.ts";
import {
  type AgentRequest,
  type AnswerWords,
  answerMessageId,
  answerText,
  buildAnswer,
  findRequest,
} from "../domain/requests.ts";
import { agentSubject } from "../domain/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { decideStored } from "../server/requests.ts";
import { clientArgs, withClient } from "./client.ts";
import { type Arguments, defineCliCommand } from "./command.ts";
import type { CliContext } from "./context.ts";
import { readAgent } from "./fleet-reading.ts";
import { readText } from "./read-text.ts";
import { openRequests, readRequests } from "./request-reading.ts";
import { plain } from "./terminal.ts";

const answerArgs = {
  request: { type: "positional", required: true, description: "its id, or the beginning of it" },
  text: {
    type: "positional",
    required: false,
    description: "the answer, or a choice's number; - reads it from stdin",
  },
  approve: { type: "boolean", description: "approve what is asked for" },
  refuse: { type: "boolean", description: "refuse what is asked for" },
  reason: { type: "string", valueHint: "TEXT", description: "told to the agent" },
  timeout: {
    type: "string",
    valueHint: "SECONDS",
    default: "10",
    description: "how long to wait for delivery",
  },
  ...clientArgs,
} as const satisfies ArgsDef;

type AnswerArgs = Arguments<typeof answerArgs>;

export const answerCommand = defineCliCommand({
  name: "answer",
  description: "answer a request of the inbox; the first answer wins",
  args: answerArgs,
  async run(args, context) {
    const words = await readWords(args, context);
    const timeoutMs = readTimeoutMs(args.timeout);
    return await withClient(args, context, async (bus) => {
      const bucket = await openRequests(bus);
      const { request_id, agent_id } = findRequest(args.request, await readRequests(bucket));
      // Listening begins before the answer is given: the receipt can be there at once.
      using delivery = watchDelivery(bus, agent_id, answerMessageId(request_id));
      await bus.flush();
      const by = context.env.USER || context.env.USERNAME || "operator";
      const decided = await decideStored(bucket, request_id, (request) => ({
        type: "answer",
        answer: buildAnswer(request, words, by, context.now()),
      }));
      if (!context.json) context.print(`answered ${agent_id}: ${plain(answerText(decided))}`);
      const away = await awayReason(bus, agent_id, context);
      const isDelivered = away === undefined && (await delivery.within(timeoutMs));
      report(decided, isDelivered, away ?? `not within ${timeoutMs / 1000} s`, context);
      return 0;
    });
  },
});

/** @throws CliaiError `usage` unless there is one answer, and but one */
async function readWords(
  { text, approve, refuse, reason }: AnswerArgs,
  context: CliContext,
): Promise<AnswerWords> {
  const hint = 'cliai answer REQUEST "…", or --approve, or --refuse --reason "…"';
  if (approve === true && refuse === true) {
    throw new CliaiError("usage", "--approve and --refuse exclude each other", { hint });
  }
  const isVerdict = approve === true || refuse === true;
  if (isVerdict && text !== undefined) {
    throw new CliaiError("usage", `with --${approve ? "approve" : "refuse"} goes no text: "${text}"`, {
      hint: 'say it by --reason "…"',
    });
  }
  if (isVerdict) return { approved: approve === true, reason };
  if (text === undefined)
    throw new CliaiError("usage", "answer needs the TEXT, --approve or --refuse", { hint });
  return { text: text === "-" ? await readText(context.stdin) : text, reason };
}

function readTimeoutMs(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0 && seconds <= 86_400) return seconds * 1000;
  throw new CliaiError("usage", `--timeout "${text}" is not a number of seconds from 0 to 86400`, {
    hint: "cliai answer --help",
  });
}

interface Delivery extends Disposable {
  /** Whether the agent's bridge or its CLI has it within the time. */
  within(timeoutMs: number): Promise<boolean>;
}

function watchDelivery(bus: Bus, id: AgentId, messageId: string): Delivery {
  const delivered = Promise.withResolvers<boolean>();
  const unsubscribe = bus.subscribe(agentSubject(id, "receipt"), ({ data }) => {
    try {
      const { command_id, state } = decodeFromAgent(ReceiptSchema, data, id);
      if (command_id === messageId && (state === "delivered" || state === "injected"))
        delivered.resolve(true);
    } catch {
      // Nobody's receipt: the server counts it, and raises the alert.
    }
  });
  return {
    async within(timeoutMs) {
      const timer = setTimeout(() => delivered.resolve(false), timeoutMs);
      return await delivered.promise.finally(() => clearTimeout(timer));
    },
    [Symbol.dispose]: unsubscribe,
  };
}

/** Why there is no delivery to wait for; undefined when the agent is online. */
async function awayReason(bus: Bus, id: AgentId, { now }: CliContext): Promise<string | undefined> {
  const record = await readAgent(bus, id);
  if (record === undefined) return "it was never seen";
  const { value, reason } = viewAgent(record, now()).axes.link;
  return value === "online" ? undefined : `it is ${value}: ${reason}`;
}

function report(decided: AgentRequest, isDelivered: boolean, why: string, { json, print }: CliContext): void {
  const { request_id, agent_id, kind, question, state, answer } = decided;
  if (json) {
    const delivery = isDelivered ? { delivery: "delivered" } : { delivery: "waiting", reason: why };
    print(JSON.stringify({ request_id, agent_id, kind, question, state, answer, ...delivery }));
  } else if (isDelivered) {
    print(`delivered to ${agent_id}`);
  } else {
    print(`not delivered yet (${plain(why)}): it will be given when ${agent_id} takes its inbox`);
  }
}
