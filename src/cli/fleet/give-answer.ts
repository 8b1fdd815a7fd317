// Gives the answer to a request, and says whether it was delivered, for `cliai answer` and for the keys of `cliai top`.
import { type AnswerWords, answerTextForPeople, buildAnswer } from "../../domain/request-answer.ts";
import { type AgentRequest, answerMessageId, isOfAgent } from "../../domain/requests.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeFromAgent } from "../../domain/wire/decode.ts";
import { ReceiptSchema, type ReceiptState } from "../../domain/wire/messages.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Bucket } from "../../nats/jetstream/bucket.ts";
import { decideStored } from "../../server/requests/request-store.ts";
import { type CliContext, leftToWait, operatorOf } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { type AgentReading, createFleetReader, viewOf } from "./fleet-reading.ts";
import { readRequests } from "./request-reading.ts";

export interface GivenAnswer {
  readonly decided: AgentRequest;
  /** True as well of an answer that no agent is told: the server carries it out. */
  readonly isDelivered: boolean;
  /** Why it is not delivered. */
  readonly why: string;
}

/**
 * Decides the request, where the first answer counts, and waits until the agent's CLI has the answer.
 * @param onDecided called once the answer is stored
 * @throws CliaiError `decided_already`; `usage` if the words do not fit the request
 */
export async function giveAnswer(
  { bus, bucket }: { readonly bus: Bus; readonly bucket: Bucket },
  { request_id, agent_id }: Pick<AgentRequest, "request_id" | "agent_id">,
  { words, timeoutMs }: { readonly words: AnswerWords; readonly timeoutMs: number },
  context: Pick<CliContext, "env" | "now" | "note" | "attempt" | "serve"> &
    Partial<Pick<CliContext, "outputEnded">>,
  onDecided: (decided: AgentRequest) => void,
): Promise<GivenAnswer> {
  // Listen for receipts before the answer is stored, because the first receipt can come at once.
  using delivery = watchDelivery(bus, agent_id, answerMessageId(request_id), context.outputEnded);
  await bus.flush();
  context.outputEnded?.throwIfAborted();
  const by = operatorOf(context);
  const decided = await decideStored(bucket, request_id, (request) => ({
    type: "answer",
    answer: buildAnswer(request, words, by, context.attempt?.at ?? context.now()),
  })).catch(async (error: unknown) => {
    const before = await answeredBefore(bucket, request_id, context);
    if (before !== undefined) return before;
    throw error;
  });
  onDecided(decided);
  if (!isOfAgent(decided)) return { decided, isDelivered: true, why: "" };
  const agent = await createFleetReader(bus, context).find(agent_id);
  // A second try does not hear the receipts that came before it.
  if (context.attempt?.isSecond === true && hasTaken(agent, answerMessageId(request_id)))
    return { decided, isDelivered: true, why: "" };
  const away = awayReason(agent);
  const reached =
    away === undefined ? await delivery.within(leftToWait(timeoutMs, context.attempt)) : "nowhere";
  const late = reached === "bridge" ? "its session has not read it yet" : `not within ${timeoutMs / 1000} s`;
  return { decided, isDelivered: reached === "cli", why: away ?? late };
}

/**
 * The request that the first try of this attempt has answered, in case its serve did not tell. Undefined for a first try.
 * @param named the request as it was named: its id, the beginning of that, or its agent. Another command may have answered another one at the
 * same time.
 */
export async function answeredBefore(
  bucket: Bucket,
  named: string,
  context: Pick<CliContext, "env" | "attempt">,
): Promise<AgentRequest | undefined> {
  const { attempt } = context;
  if (attempt?.isSecond !== true) return undefined;
  const [by, at] = [operatorOf(context), attempt.at.toISOString()];
  return (await readRequests(bucket)).find(
    ({ request_id, agent_id, answer }) =>
      answer?.by === by && answer.at === at && (request_id.startsWith(named) || agent_id === named),
  );
}

export function answeredText(decided: AgentRequest): string {
  return `answered ${decided.agent_id}: ${plain(answerTextForPeople(decided).trim().replaceAll("\n", "; "))}`;
}

export function deliveryText({ decided, isDelivered, why }: GivenAnswer): string {
  const { agent_id } = decided;
  if (!isOfAgent(decided)) return "the server carries it out";
  if (isDelivered) return `delivered to ${agent_id}`;
  return `not delivered yet (${plain(why)}): it waits in ${agent_id}'s queue`;
}

/** As JSON. */
export function givenFacts({ decided, isDelivered, why }: GivenAnswer): object {
  const { request_id, agent_id, kind, question, state, answer } = decided;
  const told = isDelivered ? { delivery: "delivered" } : { delivery: "waiting", reason: why };
  const delivery = isOfAgent(decided) ? told : {};
  return { request_id, agent_id, kind, question, state, answer, ...delivery };
}

/** How far an answer has come: into the agent's CLI, only to its bridge or host, or to neither of them. */
type Reached = "cli" | "bridge" | "nowhere";

interface Delivery extends Disposable {
  /** Resolves when the CLI has the answer, when `timeoutMs` is over, or `takenUpWithinMs` after the bridge or host has got the answer. */
  within(timeoutMs: number): Promise<Reached>;
}

/** A session that waits for the answer gets it at once. After this time, assume that it reads the answer later. */
const takenUpWithinMs = 2_000;

/** @param ended ends the waiting */
function watchDelivery(bus: Bus, id: AgentId, messageId: string, ended: AbortSignal | undefined): Delivery {
  const done = Promise.withResolvers<Reached>();
  const timers: ReturnType<typeof setTimeout>[] = [];
  let reached: Reached = "nowhere";
  const end = () => done.resolve(reached);
  const endAfter = (ms: number) => timers.push(setTimeout(end, ms));
  ended?.addEventListener("abort", end);
  const unsubscribe = bus.subscribe(agentSubject(id, "receipt"), ({ data }) => {
    try {
      const { command_id, state } = decodeFromAgent(ReceiptSchema, data, id);
      if (command_id !== messageId) return;
      if (statesOfCli.includes(state)) done.resolve("cli");
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
      ended?.removeEventListener("abort", end);
      unsubscribe();
    },
  };
}

const statesOfCli: readonly ReceiptState[] = ["injected", "seen", "applied"];

function hasTaken(agent: AgentReading | undefined, messageId: string): boolean {
  const message = agent?.record.commands.find(({ command_id }) => command_id === messageId);
  return message?.receipts.some(({ state }) => statesOfCli.includes(state)) === true;
}

/** Why the answer cannot be delivered now; undefined if the agent is online. */
function awayReason(agent: AgentReading | undefined): string | undefined {
  if (agent === undefined) return "it was never heard of";
  const { value, reason } = viewOf(agent).axes.link;
  return value === "online" ? undefined : `it is ${value}: ${reason}`;
}
