// Passes one model request on: waits for its slot, sends it, reads its figures from the answer, and gives the slot back once the server is
// done with it. That is later than its client thinks if the client has cancelled it.
import type { AnswerFigures, createRereadEstimate } from "./answer-figures.ts";
import type { LeaseLine, Pass } from "./lease-line.ts";
import { modelOf, withSlot } from "./model-requests.ts";
import { type PassedRequest, passOn } from "./pass-on.ts";
import { type QueueFacts, type QueueSettings, untilSlotIdle } from "./queue-facts.ts";
import type { RequestBoard } from "./request-board.ts";
import { tapAnswer } from "./tap-answer.ts";

/** What all requests of one gate have in common. */
export interface GateDesk {
  readonly settings: QueueSettings;
  /** The server's name in the queue. */
  readonly server: string;
  readonly line: LeaseLine;
  readonly board: RequestBoard;
  readonly rereadMsOf: ReturnType<typeof createRereadEstimate>;
  /** Aborts when the agent has ended. */
  readonly over: AbortSignal;
}

export interface PassedModelRequest extends PassedRequest, GateDesk {
  readonly path: string;
  /** Undefined if the server has not answered. */
  readonly facts: QueueFacts | undefined;
}

/** A batch of 2,048 tokens took 81 s on a busy machine without a GPU (llama.cpp b11549). */
const longestBatchMs = 180_000;

/** @throws what the socket throws, or the signal's reason */
export async function passModelRequest(request: PassedModelRequest): Promise<Response> {
  const { signal } = request;
  const stay = createStay(request);
  try {
    const sent = await passOn({ ...request, body: await stay.enter() });
    return tapAnswer(sent, { signal, onEnd: stay.end, onCancel: stay.cancel });
  } catch (error) {
    if (signal.aborted) stay.cancel();
    else stay.end();
    throw error;
  }
}

interface Stay {
  /** Waits in the queue. Resolves with the body to send. */
  enter(): Promise<PassedRequest["body"]>;
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
  body,
  ...request
}: PassedModelRequest): Stay {
  const shown = board.open();
  let pass: Pass | undefined;
  let isSent = false;
  let isOver = false;
  const leave = (figures?: AnswerFigures) => {
    pass?.leave(figures === undefined ? 0 : request.rereadMsOf(figures));
    shown.close(figures);
  };
  const untilDone = async () => {
    const slot = pass?.slot ?? (facts?.slots === 1 ? 0 : undefined);
    if (!isSent || facts?.kind !== "llama.cpp" || slot === undefined) return;
    shown.set({ state: "cancelled" });
    const { settings, headers, over } = request;
    const late = AbortSignal.any([over, AbortSignal.timeout(longestBatchMs)]);
    await untilSlotIdle(settings.url, slot, headers, late).catch(() => undefined); // it has gone, or is too slow to wait for
  };
  return {
    async enter() {
      const isLlama = facts?.kind === "llama.cpp";
      const slots = facts?.slots;
      const text = typeof body === "string" ? body : new TextDecoder().decode(body);
      if (slots !== undefined) {
        const wanted = { server, model: isLlama ? "" : modelOf(text), slots };
        shown.set({ state: "waiting" });
        pass = await line.enter(wanted, signal, (place) => shown.set({ state: "waiting", ...place }));
      }
      const { unqueued, slot } = pass ?? {};
      shown.set(unqueued === undefined ? { state: "working" } : { state: "unqueued", why: unqueued });
      isSent = true;
      return isLlama && slot !== undefined && slots !== 1 ? withSlot(path, text, slot) : body;
    },
    end(figures) {
      if (isOver) return;
      isOver = true;
      leave(figures);
    },
    cancel() {
      if (isOver) return;
      isOver = true;
      void untilDone().then(() => leave());
    },
  };
}
