// A request of the probe agent through its whole life: asked, answered by a person at a terminal, told to the agent.
import { setTimeout as delay } from "node:timers/promises";
import { type AgentRequest, answerMessageId } from "../../src/domain/requests.ts";
import { parseJson } from "../../src/domain/wire/decode.ts";
import { agentSubject, buckets } from "../../src/domain/wire/subjects.ts";
import { bucketSubject, openExistingBucket } from "../../src/nats/jetstream/bucket.ts";
import { runCliai } from "../support/cliai.ts";
import { waitFor } from "../support/wait-for.ts";
import { type Case, mayGiveAgain } from "./cases.ts";
import { type FleetUnderTest, urlOf } from "./fleet-under-test.ts";
import type { Sender } from "./sender.ts";

const answeredWithinMs = 45_000;
const words = "go left";

export interface Asking {
  /** Resolves at the moment the request is at the step. */
  readonly reached: Promise<void>;
  /** Resolves when every request is answered once and its agent told; rejects with what is not so. */
  readonly settled: Promise<void>;
}

/** @param question makes the case's requests known among all */
export function startAsking(fleet: FleetUnderTest, sender: Sender, each: Case, question: string): Asking {
  const { step } = each;
  const reached = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<string>();
  const unsubscribe = [
    fleet.bus.subscribe(bucketSubject(buckets.requests, "*"), ({ data }) => {
      if (data.length === 0) return;
      const request = parseJson(data) as AgentRequest;
      if (request.question !== question) return;
      asked.resolve(request.request_id);
      if (request.state === step) reached.resolve();
    }),
    fleet.bus.subscribe(agentSubject(fleet.probe.id, "message"), ({ data }) => {
      if (step === "told" && new TextDecoder().decode(data).includes('"answer-')) reached.resolve();
    }),
  ];
  const settled = live(fleet, sender, asked.promise, question, mayGiveAgain(each)).finally(() => {
    for (const end of unsubscribe) end();
  });
  settled.catch(() => undefined); // awaited after the fault
  return { reached: reached.promise, settled };
}

async function live(
  fleet: FleetUnderTest,
  sender: Sender,
  asked: Promise<string>,
  question: string,
  mayTellAgain: boolean,
): Promise<void> {
  // What is asked before nats-server has the subscriptions would never be heard of.
  await fleet.bus.flush();
  const asking = askUntilAsked(fleet, question);
  asking.catch(() => undefined); // awaited below
  await answerIt(await asked, fleet, sender);
  const outcome = await asking;
  // A call that got no answer was made again: each of its requests is answered, whichever the agent then remembers.
  // NATS may be on its way back: it is read until it can be.
  const ours = await waitFor(() => requestsOf(fleet, question), {
    what: "the requests that were made",
    deadlineMs: answeredWithinMs,
  });
  for (const { request_id } of ours) await answerIt(request_id, fleet, sender);
  const wrong = async () => whatIsWrong(fleet, await requestsOf(fleet, question), outcome);
  await waitFor(async () => (await wrong()).length === 0, {
    what: "every request is answered, and its agent told",
    deadlineMs: answeredWithinMs,
    intervalMs: 100,
    saw: wrong,
  });
  for (const { request_id } of mayTellAgain ? [] : ours) requireToldOnce(request_id, fleet, outcome);
  for (const { request_id } of ours) await refuseSecondAnswer(request_id, fleet);
}

/** What `ask_human` says: the request's id, and its answer where that was there in time. */
interface AskOutcome {
  readonly request_id: string;
  readonly answer?: string;
}

async function askUntilAsked({ probe }: FleetUnderTest, question: string): Promise<AskOutcome> {
  const deadline = Date.now() + answeredWithinMs;
  while (true) {
    try {
      const [json = ""] = (await probe.call("ask_human", { question, wait_s: 0 })).split("\n\n");
      return JSON.parse(json) as AskOutcome;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

/** Exit code 5: it is answered already, by the same person's try that never heard so. */
async function answerIt(requestId: string, { proxies }: FleetUnderTest, sender: Sender): Promise<void> {
  const args = ["answer", requestId, words, "--timeout", "2", "--url", urlOf(proxies.sender)];
  await sender.insist(args, answeredWithinMs, [0, 5]);
}

async function requestsOf({ bus }: FleetUnderTest, question: string): Promise<AgentRequest[]> {
  const entries = await (await openExistingBucket(bus, buckets.requests)).entries();
  return [...entries.values()]
    .map(({ value }) => value as AgentRequest)
    .filter((each) => each.question === question);
}

/** The agent is told by the call itself, where the answer came in time, or else by its inbox. */
function whatIsWrong(
  { probe }: FleetUnderTest,
  requests: readonly AgentRequest[],
  outcome: AskOutcome,
): string[] {
  if (requests.length === 0) return ["nothing was asked"];
  return requests.flatMap(({ request_id, state, answer }) => {
    const message = probe.messages.find(({ message_id }) => message_id === answerMessageId(request_id));
    const byInbox = message?.origin === "answer" ? [message.text] : [];
    const byCall = outcome.request_id === request_id && outcome.answer !== undefined ? [outcome.answer] : [];
    const told = [...byInbox, ...byCall];
    const isTold = told.length > 0 && told.every((text) => text === words);
    if (state === "answered" && answer?.text === words && isTold) return [];
    return [`${request_id}: ${state} ${answer?.text}, told ${JSON.stringify(told)}`];
  });
}

function requireToldOnce(requestId: string, { probe }: FleetUnderTest, outcome: AskOutcome): void {
  const byInbox = probe.given.get(answerMessageId(requestId)) ?? 0;
  const byCall = outcome.request_id === requestId && outcome.answer !== undefined ? 1 : 0;
  if (byInbox + byCall === 1) return;
  throw new Error(
    `the answer to ${requestId} was told ${byInbox} times by the inbox and ${byCall} by the call`,
  );
}

async function refuseSecondAnswer(requestId: string, { bus, proxies }: FleetUnderTest): Promise<void> {
  const { code, stderr } = await runCliai(["answer", requestId, "no, right", "--url", urlOf(proxies.sender)]);
  const stored = await (await openExistingBucket(bus, buckets.requests)).get(requestId);
  if (code === 5 && (stored as AgentRequest).answer?.text === words) return;
  throw new Error(`a second answer to ${requestId} was not refused (${code}): ${stderr}`);
}
