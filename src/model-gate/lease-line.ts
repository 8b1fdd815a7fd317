// Asks serve for leases: waits in the queue before a model server, and renews and ends the lease. If serve does not answer, the request goes
// to the model server without the queue, because a dead queue must not hold up an agent.
import type { Link } from "../agent-link/link.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { type LeaseAnswer, LeaseAnswerSchema, type LeaseAsk } from "../domain/wire/lease-messages.ts";
import { modelServerLeaseSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import { pause } from "../waiting.ts";
import type { SlotsSeen } from "./queue-facts.ts";

/** How long the queue may be silent before the request is sent without it. A queue that works answers every 2 s. */
const silentForMs = 30_000;
const answerWithinMs = 5_000;
const askAgainMs = 500;
const renewEveryMs = 1_000;
/** After so many renewals without an answer, serve is asked only every 10 s. */
const mostUnanswered = 30;
const renewSeldomMs = 10_000;
/** How long serve is not asked after NATS has refused a request, because each refused request is an alert. */
const refusedForMs = 60_000;

export interface LineOptions {
  readonly id: AgentId;
  readonly link: Pick<Link, "bus" | "connected" | "trouble">;
  readonly createId: () => string;
  readonly log: Logger;
  /** Default 30 seconds. */
  readonly silentForMs?: number | undefined;
}

/** What a request is for: the server, the model, and how many slots the server has. */
export interface LineRequest extends Pick<LeaseAsk, "server" | "model" | "slots"> {
  /** Asks the model server what its slots do. Called while the request is the next one in the queue. Never rejects. */
  readonly lookAtSlots?: (() => Promise<SlotsSeen | undefined>) | undefined;
}

export interface Place {
  readonly place: number;
  readonly waiting: number;
}

/** The right to send one request. It is renewed until `leave` is called. */
export interface Pass {
  /** The slot to use; undefined if the request is sent without the queue. */
  readonly slot: number | undefined;
  /** Why the request is sent without the queue; undefined if it has a lease. */
  readonly unqueued: string | undefined;
  /** @param rereadMs how long the server would need to read the prompt again; 0 if that is not known */
  leave(rereadMs: number): void;
}

export interface LeaseLine {
  /** Resolves when the request may be sent. Rejects with the signal's reason when it aborts. */
  enter(request: LineRequest, signal: AbortSignal, onPlace: (place: Place) => void): Promise<Pass>;
}

export function createLeaseLine({ id, link, createId, log, ...options }: LineOptions): LeaseLine {
  const subject = modelServerLeaseSubject(id);
  const patienceMs = options.silentForMs ?? silentForMs;
  /** Why the last request did not wait; undefined if it did. While this is set, no request waits, until serve has answered again. */
  let silent: string | undefined;
  let refused: { readonly error: CliaiError; readonly untilMs: number } | undefined;

  const refusalNow = () => (performance.now() < (refused?.untilMs ?? 0) ? refused?.error : undefined);
  const request = async (ask: LeaseAsk, withinMs: number, signal: AbortSignal): Promise<LeaseAnswer> => {
    const refusal = refusalNow();
    if (refusal !== undefined) throw refusal;
    const late = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
    try {
      const bus = await link.connected(late);
      const answer = await bus.request(subject, ask, { timeoutMs: withinMs, signal: late });
      const decoded = decodeMessage(LeaseAnswerSchema, answer);
      silent = undefined;
      return decoded;
    } catch (error) {
      if (isRefusal(error)) refused = { error, untilMs: performance.now() + refusedForMs };
      throw error;
    }
  };
  const end = (ask: LeaseAsk) => {
    if (refusalNow() !== undefined) return;
    try {
      link.bus()?.publish(subject, { ...ask, act: "end" });
    } catch (error) {
      log.debug(`the end of a lease is not told: ${messageOf(error)}`); // serve ends it, because it is not renewed
    }
  };
  const passFor = (ask: LeaseAsk, slot: number | undefined, unqueued?: string): Pass => {
    const over = new AbortController();
    const held = { ...ask, ...(slot !== undefined && { slot }) };
    void renew((withinMs) => request({ ...held, act: "hold" }, withinMs, over.signal), over.signal);
    return {
      ...{ slot, unqueued },
      leave(rereadMs) {
        if (over.signal.aborted) return;
        over.abort();
        end({ ...held, reread_ms: rereadMs });
      },
    };
  };

  return {
    async enter({ lookAtSlots, ...wanted }, signal, onPlace) {
      const ask: LeaseAsk = {
        ...{ agent_id: id, request_id: createId(), act: "wait", ...wanted },
        ...{ waited_ms: 0, reread_ms: 0 },
      };
      const beganMs = performance.now();
      let heardMs = beganMs;
      let why = silent ?? "";
      let isNext = false;
      let seen: SlotsSeen | undefined;
      for (;;) {
        const nowMs = performance.now();
        const leftMs = silent === undefined ? heardMs + patienceMs - nowMs : 0;
        if (leftMs <= 0) {
          if (silent === undefined)
            log.warn(`the queue before ${wanted.server} does not answer (${why}); going on without it`);
          silent = why;
          return passFor(ask, undefined, `the queue does not answer: ${why}`);
        }
        try {
          const waited_ms = Math.round(nowMs - beganMs);
          // The answer takes 2 s. Meanwhile the server tells whether the leases before this request are used.
          const looked = isNext ? lookAtSlots?.() : undefined;
          const slots = seen && { idle_slots: [...seen.idle], busy_slots: seen.busy };
          const told = { ...ask, waited_ms, ...slots };
          const answer = await request(told, Math.min(answerWithinMs, leftMs), signal);
          heardMs = performance.now();
          if (answer.state === "granted") return passFor(ask, answer.slot);
          if (answer.error !== undefined) return passFor(ask, undefined, answer.error);
          const { place = 0, waiting = 0 } = answer;
          onPlace({ place, waiting });
          isNext = place === 1;
          seen = await looked;
        } catch (error) {
          if (signal.aborted) end(ask);
          signal.throwIfAborted();
          why = link.bus() === undefined ? (link.trouble() ?? "no connection to NATS") : messageOf(error);
          if (isRefusal(error)) heardMs = Number.NEGATIVE_INFINITY;
          else await pause(askAgainMs, signal);
        }
      }
    },
  };
}

/** Renews a lease until the signal aborts. Never rejects. */
async function renew(hold: (withinMs: number) => Promise<unknown>, over: AbortSignal): Promise<void> {
  for (let unanswered = 0; !over.aborted; ) {
    const everyMs = unanswered < mostUnanswered ? renewEveryMs : renewSeldomMs;
    try {
      await hold(everyMs);
      unanswered = 0;
    } catch {
      unanswered += 1; // a person is told when the next request has to wait
    }
    await pause(everyMs, over);
  }
}

/** Whether NATS does not let this agent ask, for example because somebody else made its credentials. That does not change soon. */
function isRefusal(error: unknown): error is CliaiError {
  return error instanceof CliaiError && error.code === "refused";
}
