// Makes a task of a prompt, and answers the caller with what becomes of it.
import { type ServiceError, serviceError, serviceErrorOf } from "../domain/agent-protocol/pieces.ts";
import type { Attachment, Prompt } from "../domain/agent-protocol/read-prompt.ts";
import type { ReceiptEntry } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import type { Server } from "../server/server.ts";
import { notGiven } from "./agent-queues.ts";
import { followAnswer } from "./answer-stream.ts";
import { type AskCaller, followQueries } from "./caller-queries.ts";
import { untilTaskIsOver } from "./task-outcome.ts";

/** What of the server the prompts need. */
export type PromptedServer = Pick<Server, "fleet" | "requests" | "transcripts" | "sendCommand" | "isLeader">;

/** Stores files for an agent, and returns their paths. `taskId` names their folder. */
export type SaveAttachments = (
  id: AgentId,
  taskId: string,
  attachments: readonly Attachment[],
) => Promise<string[]>;

export interface PromptRunOptions {
  readonly id: AgentId;
  /** In whose name the task is given, and questions are answered: `ci (peer)`. */
  readonly by: string;
  readonly mayPermit: boolean;
  readonly server: PromptedServer;
  /** The connection of the fleet's account. */
  readonly bus: Bus;
  readonly saveAttachments: SaveAttachments;
  readonly onText: (text: string) => void;
  /** Called with `delivered`, `injected` and `seen`, as there is evidence for them. */
  readonly onStep: (state: string) => void;
  readonly ask: AskCaller;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly log: Logger;
}

/** A task that nobody takes within this time expires, and the caller is told so. */
const expiresInS = 3_600;

/** Resolves when the task is over: with an error, unless it was applied. Never throws. */
export async function runPrompt(
  prompt: Prompt,
  options: PromptRunOptions,
): Promise<ServiceError | undefined> {
  try {
    return await carryOut(prompt, options);
  } catch (error) {
    options.log.warn(`a prompt of ${options.by} to ${options.id}: ${String(error)}`);
    return serviceErrorOf(error);
  }
}

async function carryOut(prompt: Prompt, options: PromptRunOptions): Promise<ServiceError | undefined> {
  const { id, by, mayPermit, server, bus, ask, onText, onStep, signal, now, log } = options;
  const command_id = crypto.randomUUID();
  const paths =
    prompt.attachments.length === 0 ? [] : await options.saveAttachments(id, command_id, prompt.attachments);
  const text = [prompt.text, ...(paths.length === 0 ? [] : ["", "Files that came with it:", ...paths])].join(
    "\n",
  );
  const answer = await followAnswer({ id, text: prompt.text, server, bus, onText, signal, now });
  const stopQueries = followQueries({ id, requests: server.requests, mayPermit, by, ask, log });
  try {
    if (signal.aborted) throw notGiven(id);
    await server.sendCommand({ id, type: "task", text, from: by, command_id, expiresInS });
    const onReceipt = (receipt: ReceiptEntry) => {
      if (["delivered", "injected", "seen"].includes(receipt.state)) onStep(receipt.state);
      if (receipt.state === "injected" || receipt.state === "seen") answer.begin(receipt);
    };
    const task = { id, commandId: command_id, fleet: server.fleet, onReceipt, signal };
    const final = await untilTaskIsOver(task);
    await answer.settle(final);
    return errorOf(id, final);
  } finally {
    stopQueries();
    answer.stop();
  }
}

function errorOf(id: AgentId, { state, detail }: ReceiptEntry): ServiceError | undefined {
  if (state === "applied") return undefined;
  const why = detail === undefined ? "" : `: ${detail}`;
  if (state === "refused") return serviceError(409, `the task is refused${why}`);
  if (state === "expired") return serviceError(500, `${id} did not take the task in time${why}`);
  return serviceError(500, `the task has failed${why}`);
}
