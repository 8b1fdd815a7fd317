// Carries out one task of a guest: prompts it, keeps what it answers, and writes the receipts by what it sends.
import type { ReceiptQueue } from "../../agent-link/receipt-queue.ts";
import type { ToolCaller } from "../../agent-link/tool-call.ts";
import type { AgentService } from "../../domain/agent-protocol/read-service.ts";
import { definedOf } from "../../domain/defined.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { ReceiptState } from "../../domain/wire/messages.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openExchange, tellText } from "../../nats/micro-client.ts";
import type { GuestAnswers } from "./guest-answers.ts";
import { createGuestQueries, type GuestQueriesOptions } from "./guest-queries.ts";
import type { GuestTask } from "./guest-tasks.ts";
import { createGuestWords, type GuestWords } from "./guest-words.ts";
import { type PromptEnd, promptGuest } from "./prompt-guest.ts";

/** The route in the receipts of a guest's tasks. */
export const guestRoute = "agent-protocol";

export interface CarryOutOptions {
  readonly id: AgentId;
  readonly service: AgentService;
  /** The connection in the peer's account. */
  readonly peerBus: Pick<Bus, "connection" | "createInbox" | "flush">;
  /** The connection of the fleet's account. */
  readonly fleetBus: Pick<Bus, "publishStored">;
  /** Calls the tools of cliai in the guest's name. */
  readonly call: ToolCaller;
  readonly receipts: Pick<ReceiptQueue, "noteToken" | "write">;
  readonly answers: GuestAnswers;
  /** The requests, for the questions that it asks. */
  readonly requests: GuestQueriesOptions["requests"];
  readonly onWorking: (isWorking: boolean) => void;
  readonly signal: AbortSignal;
  /** After how long without a message an answer is given up. Default 60 s, as the protocol wants. */
  readonly silentForMs?: number | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Resolves with false if nobody has heard the prompt. @throws CliaiError `nats_unreachable` if it cannot be sent now */
export async function carryOut(task: GuestTask, options: CarryOutOptions): Promise<boolean> {
  const { id, service, fleetBus: bus, receipts, onWorking, now, log } = options;
  const { command_id, token } = task;
  const words = createGuestWords({ id, instanceId: service.instanceId, bus, now, log });
  if (token !== undefined) receipts.noteToken(command_id, token);
  const write = (state: ReceiptState, detail?: string) =>
    receipts.write({ command_id, state, route: guestRoute, ...definedOf({ detail }) });
  const onTaken = () => {
    onWorking(true);
    words.told(task.text);
    write("delivered");
    write("injected");
  };
  const end = await answerOf(task, words, onTaken, () => write("seen"), options);
  if (end.kind === "nobody") return false;
  // Whoever sees the end finds all words.
  await words.settle();
  const beginning = words.beginning();
  if (end.kind === "failed") write("failed", end.why);
  else
    write("applied", beginning === "" ? "it ended its answer without a word" : `it answered: ${beginning}`);
  onWorking(false);
  return true;
}

/** @throws CliaiError `nats_unreachable` if the prompt cannot be sent now. After it was sent, never rejects. */
async function answerOf(
  { text }: GuestTask,
  words: GuestWords,
  onTaken: () => void,
  onSeen: () => void,
  { id, service, peerBus, call, answers, requests, signal, silentForMs, log }: CarryOutOptions,
): Promise<PromptEnd> {
  const { maxPayloadBytes = Number.POSITIVE_INFINITY, promptSubject } = service;
  const body = { prompt: text };
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > maxPayloadBytes) {
    const [has, most] = [bytes, maxPayloadBytes].map((count) => count.toLocaleString("en"));
    return { kind: "failed", why: `the task has ${has} bytes, and it takes ${most} at most` };
  }
  const reply = (subject: string, answer: string) => tellText(peerBus, subject, answer, log);
  const queries = createGuestQueries({ call, reply, answers, requests, log });
  try {
    return await promptGuest({
      ...{ onTaken, onSeen, signal, silentForMs, log },
      send: (onTold) => openExchange(peerBus, promptSubject, body, onTold, log),
      onText: words.add,
      onFiles: words.leaveOutFiles,
      onQuery: queries.ask,
      isAsking: () => queries.open() > 0,
    });
  } catch (error) {
    const isTooLarge = error instanceof CliaiError && error.code === "payload_too_large";
    if (isTooLarge) return { kind: "failed", why: messageOf(error) };
    throw error;
  } finally {
    await queries.stop();
    if (queries.hasAsked()) await endQuestions(id, answers, log);
  }
}

/** The task ends as it has ended also if the answers to its questions cannot be read now: the next question's end ends them. */
async function endQuestions(id: AgentId, answers: GuestAnswers, log: Logger): Promise<void> {
  try {
    await answers.endOthers();
  } catch (error) {
    log.warn(`the answers that ${id} does not wait for any more are not ended: ${messageOf(error)}`);
  }
}
