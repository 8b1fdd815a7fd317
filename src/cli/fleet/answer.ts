// `cliai answer`: decides a request in the bucket `requests`, where the first answer counts, and says whether the answer was
// delivered.

import type { ArgsDef } from "citty";
import { isNamedByAgent } from "../../domain/find-request.ts";
import { type AnswerWords, answerText, buildAnswer } from "../../domain/request-answer.ts";
import { type AgentRequest, answerMessageId, isApproval } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseSeconds } from "../../domain/text/moment.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeFromAgent } from "../../domain/wire/decode.ts";
import { ReceiptSchema } from "../../domain/wire/messages.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { decideStored } from "../../server/requests/request-store.ts";
import { ensureServer, startArgs } from "../background/ensure-server.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { readText } from "../frame/read-text.ts";
import { plain } from "../frame/terminal.ts";
import { chooseRequest, showRequests } from "./choose-request.ts";
import { clientArgs, withClient } from "./client.ts";
import { createFleetReader, viewOf } from "./fleet-reading.ts";
import { answerForm } from "./inbox.ts";
import { openRequests } from "./request-reading.ts";

const answerArgs = {
  request: {
    type: "positional",
    required: true,
    description: "id of the request, or its first characters; or the agent that asks, but not with --approve",
  },
  text: {
    type: "positional",
    required: false,
    description:
      "the answer in words, or the numbers of the choices (1,3); one TEXT for each question; - reads stdin",
  },
  approve: { type: "boolean", description: "approve the request" },
  refuse: { type: "boolean", description: "refuse the request" },
  reason: { type: "string", valueHint: "TEXT", description: "tell the agent this reason" },
  timeout: {
    type: "string",
    valueHint: "SECONDS",
    default: "10",
    description: "wait this long for the answer to be delivered",
  },
  ...startArgs,
  ...clientArgs,
} as const satisfies ArgsDef;

type AnswerArgs = Arguments<typeof answerArgs>;

export const answerCommand = defineCliCommand({
  name: "answer",
  example: `cliai answer ada "the second one" (cliai inbox lists what the agents ask)`,
  description: "answer a request from the inbox; the first answer counts",
  args: answerArgs,
  takesMore: true,
  async run(args, context, more) {
    checkVerdict(args);
    const timeoutMs =
      parseSeconds(args.timeout, "--timeout", { least: 0, most: 86_400, hint: "cliai answer --help" }) * 1000;
    await ensureServer(args, context);
    return await withClient(args, context, async (bus) => {
      const bucket = await openRequests(bus);
      const isGiven = args.text !== undefined || isVerdict(args);
      const fits = (each: AgentRequest) => !isGiven || isApproval(each) === isVerdict(args);
      const request = await chooseRequest(args.request, { bus, bucket }, fits, context);
      if (args.approve === true) requireItsId(args.request, request, context);
      const { request_id, agent_id, questions } = request;
      if (questions === undefined) checkOneText(more);
      const words = await readWords(args, more, request, context);
      // Listen for receipts before the answer is stored, because the first receipt can come at once.
      using delivery = watchDelivery(bus, agent_id, answerMessageId(request_id));
      await bus.flush();
      const by = operatorOf(context);
      const decided = await decideStored(bucket, request_id, (request) => ({
        type: "answer",
        answer: buildAnswer(request, words, by, context.now()),
      }));
      if (!context.json)
        context.print(`answered ${agent_id}: ${plain(answerText(decided).trim().replaceAll("\n", "; "))}`);
      const away = await awayReason(bus, agent_id, context);
      const reached = away === undefined ? await delivery.within(timeoutMs) : "nowhere";
      const late =
        reached === "bridge" ? "its session has not read it yet" : `not within ${timeoutMs / 1000} s`;
      report(decided, reached === "cli", away ?? late, context);
      return 0;
    });
  },
});

/** @throws CliaiError `usage` if --approve and --refuse are both given, or one of them with a TEXT */
function checkVerdict({ request, text, approve, refuse }: AnswerArgs): void {
  if (approve === true && refuse === true) {
    throw new CliaiError("usage", "--approve and --refuse exclude each other", {
      hint: `cliai answer ${request} --approve, or: cliai answer ${request} --refuse`,
    });
  }
  if (text === undefined || !isVerdict({ approve, refuse })) return;
  const words = `--${approve ? "approve" : "refuse"} takes no TEXT, but "${text}" is given`;
  throw new CliaiError("usage", words, { hint: 'give it as the reason: --reason "…"' });
}

/**
 * To approve, a person must name the request itself: the agent may by now ask for something that the person has not read.
 * @throws CliaiError `usage` if the request is named by its agent; the request is shown then
 */
function requireItsId(named: string, request: AgentRequest, context: CliContext): void {
  if (!isNamedByAgent(named, request)) return;
  showRequests([request], context);
  throw new CliaiError(
    "usage",
    `"${named}" is the agent: to approve, give the id of the request that you have read`,
    {
      hint: `cliai answer ${request.request_id} --approve`,
    },
  );
}

function isVerdict({ approve, refuse }: Pick<AnswerArgs, "approve" | "refuse">): boolean {
  return approve === true || refuse === true;
}

/** @throws CliaiError `usage` if there is no answer; the request is shown then */
async function readWords(
  args: AnswerArgs,
  more: readonly string[],
  request: AgentRequest,
  context: CliContext,
): Promise<AnswerWords> {
  const { text, approve, reason } = args;
  if (isVerdict(args)) return { approved: approve === true, reason };
  if (text === undefined) {
    showRequests([request], context);
    throw new CliaiError("usage", "answer needs the TEXT, --approve or --refuse", {
      hint: answerForm(request),
    });
  }
  if (more.length > 0) return { answers: [text, ...more], reason };
  return { text: text === "-" ? await readText(context.stdin) : text, reason };
}

/** @throws CliaiError `usage` for a second TEXT; only a request with several questions takes more than one */
function checkOneText([superfluous]: readonly string[]): void {
  if (superfluous === undefined) return;
  throw new CliaiError("usage", `answer takes no argument "${superfluous}"`, {
    hint: "if it belongs to TEXT, put quotes around all of TEXT",
  });
}

/** How far an answer has come: into the agent's CLI, only to its bridge or host, or to neither of them. */
type Reached = "cli" | "bridge" | "nowhere";

interface Delivery extends Disposable {
  /** Resolves when the CLI has the answer, when `timeoutMs` is over, or `takenUpWithinMs` after the bridge or host has got the answer. */
  within(timeoutMs: number): Promise<Reached>;
}

/** A session that waits for the answer gets it at once. After this time, assume that it reads the answer later. */
const takenUpWithinMs = 2_000;

function watchDelivery(bus: Bus, id: AgentId, messageId: string): Delivery {
  const done = Promise.withResolvers<Reached>();
  const timers: ReturnType<typeof setTimeout>[] = [];
  let reached: Reached = "nowhere";
  const endAfter = (ms: number) => timers.push(setTimeout(() => done.resolve(reached), ms));
  const unsubscribe = bus.subscribe(agentSubject(id, "receipt"), ({ data }) => {
    try {
      const { command_id, state } = decodeFromAgent(ReceiptSchema, data, id);
      if (command_id !== messageId) return;
      if (state === "injected" || state === "seen" || state === "applied") done.resolve("cli");
      if (state !== "delivered") return;
      reached = "bridge";
      endAfter(takenUpWithinMs);
    } catch {
      // Ignore a malformed receipt: serve counts it and raises the alert.
    }
  });
  return {
    async within(timeoutMs) {
      endAfter(timeoutMs);
      return await done.promise;
    },
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer);
      unsubscribe();
    },
  };
}

/** Why the answer cannot be delivered now; undefined if the agent is online. */
async function awayReason(bus: Bus, id: AgentId, context: CliContext): Promise<string | undefined> {
  const agent = await createFleetReader(bus, context).find(id);
  if (agent === undefined) return "it was never heard of";
  const { value, reason } = viewOf(agent).axes.link;
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
    print(`not delivered yet (${plain(why)}): it waits in ${agent_id}'s queue`);
  }
}
