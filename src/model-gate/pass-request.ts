// Passes one model request on: waits for its slot, sends it, reads its figures from the answer, and gives the slot back once the server is
// done with it. If the client has cancelled the request, the server is done later than the client thinks.
import { shownModelName } from "../domain/model-server.ts";
import type { AnswerFigures, createRereadEstimate } from "./answer-figures.ts";
import type { LeaseLine, Pass } from "./lease-line.ts";
import { type LlamaFields, llamaFieldsFor, modelOf, withFields } from "./model-requests.ts";
import { type PassedRequest, passOn } from "./pass-on.ts";
import type { PromptProgress } from "./prompt-progress.ts";
import {
  type QueueFacts,
  type QueueSettings,
  readSlots,
  type SlotsSeen,
  untilSlotIdle,
} from "./queue-facts.ts";
import type { RequestBoard, RequestState } from "./request-board.ts";
import { isToldBySlots, watchSlotProgress } from "./slot-progress.ts";
import { tapAnswer } from "./tap-answer.ts";

/** What all requests of one gate have in common. */
export interface GateDesk {
  readonly settings: QueueSettings;
  /** The server's name in the queue. */
  readonly server: string;
  readonly line: LeaseLine;
  readonly board: RequestBoard;
  /** The model of the agent's profile or launch; undefined if that names none. */
  readonly model: string | undefined;
  readonly rereadMsOf: ReturnType<typeof createRereadEstimate>;
  /** Aborts when the agent has ended. */
  readonly over: AbortSignal;
}

export interface PassedModelRequest extends PassedRequest, GateDesk {
  readonly path: string;
  /** Undefined if the server has not answered. */
  readonly facts: QueueFacts | undefined;
}

/** The least time between two reports of how far the prompt is read, because each report is a heartbeat. */
const promptToldEveryMs = 500;
/** How long a batch of the prompt may take. One of 2,048 tokens took 81 s on a busy machine without a GPU (llama.cpp b11549). */
const longestBatchMs = 180_000;

const slotsWithinMs = 2_000;

/** @throws what the socket throws, or the signal's reason */
export async function passModelRequest(request: PassedModelRequest): Promise<Response> {
  const { signal } = request;
  const stay = createStay(request);
  try {
    const { body, isAskedProgress } = await stay.enter();
    const sent = await passOn({ ...request, body });
    return tapAnswer(sent, {
      ...{ signal, onEnd: stay.end, onCancel: stay.cancel, onFirst: stay.begin },
      onProgress: isAskedProgress ? stay.showPrompt : undefined,
    });
  } catch (error) {
    if (signal.aborted) stay.cancel();
    else stay.end();
    throw error;
  }
}

async function lookAtSlots(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<SlotsSeen | undefined> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(slotsWithinMs)]);
  return await readSlots(url, headers, late).catch(() => undefined); // it has gone, or is too busy to tell
}

interface SentRequest {
  readonly body: PassedRequest["body"];
  /** Whether the server was asked to tell how far it has read the prompt. */
  readonly isAskedProgress: boolean;
}

interface Stay {
  /** Waits in the queue. Resolves with what to send. */
  enter(): Promise<SentRequest>;
  showPrompt(progress: PromptProgress): void;
  /** The server has read the whole prompt: its answer begins. */
  begin(): void;
  /** The server has ended its answer, or has gone. */
  end(figures?: AnswerFigures): void;
  /** The client has gone. */
  cancel(): void;
}

/** One request's stay in the queue and at the server. */
function createStay({
  facts,
  line,
  board,
  server,
  signal,
  path,
  target,
  body,
  model,
  ...request
}: PassedModelRequest): Stay {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const asked = modelOf(text);
  const slots = facts?.slots;
  const isLlama = facts?.kind === "llama.cpp";
  const shown = board.open({ model: model ?? (shownModelName(asked) || undefined), slots });
  let pass: Pass | undefined;
  let sentAs: RequestState | undefined;
  let promptToldMs = Number.NEGATIVE_INFINITY;
  let isOver = false;
  /** Aborts when the answer begins, or will not begin any more. */
  const reading = new AbortController();
  const { settings, headers, over } = request;
  const leave = (figures?: AnswerFigures) => {
    pass?.leave(figures === undefined ? 0 : request.rereadMsOf(figures));
    shown.close(figures);
  };
  const untilDone = async () => {
    const slot = pass?.slot ?? (slots === 1 ? 0 : undefined);
    if (sentAs === undefined || !isLlama || slot === undefined) return;
    shown.set({ state: "cancelled" });
    const late = AbortSignal.any([over, AbortSignal.timeout(longestBatchMs)]);
    await untilSlotIdle(settings.url, slot, headers, late).catch(() => undefined); // the server has gone, or is too slow to wait for
  };
  const showPrompt = (progress: PromptProgress | undefined) => {
    const isSoon = performance.now() - promptToldMs < promptToldEveryMs;
    if (isOver || sentAs === undefined || (progress !== undefined && isSoon)) return;
    promptToldMs = performance.now();
    const prompt = progress && { prompt_read: progress.read, prompt_tokens: progress.all };
    shown.set({ ...sentAs, ...prompt });
  };
  const finish = () => {
    reading.abort();
    if (isOver) return false;
    isOver = true;
    return true;
  };
  return {
    async enter() {
      if (slots !== undefined) {
        const lookAt = isLlama ? () => lookAtSlots(settings.url, headers, signal) : undefined;
        const wanted = { server, model: isLlama ? "" : asked, slots, lookAtSlots: lookAt };
        shown.set({ state: "waiting" });
        pass = await line.enter(wanted, signal, (place) => shown.set({ state: "waiting", ...place }));
      }
      const { unqueued, slot } = pass ?? {};
      sentAs = unqueued === undefined ? { state: "working" } : { state: "unqueued", why: unqueued };
      shown.set(sentAs);
      const watched = { target, url: settings.url, headers, body: text };
      if (isLlama && isToldBySlots(path)) void watchSlotProgress(watched, reading.signal, showPrompt);
      const fields: LlamaFields = isLlama ? llamaFieldsFor(path, text, slots === 1 ? undefined : slot) : {};
      return {
        body: Object.keys(fields).length === 0 ? body : withFields(text, fields),
        isAskedProgress: fields.return_progress === true,
      };
    },
    showPrompt,
    begin() {
      reading.abort();
      showPrompt(undefined);
    },
    end(figures) {
      if (finish()) leave(figures);
    },
    cancel() {
      if (finish()) void untilDone().then(() => leave());
    },
  };
}
