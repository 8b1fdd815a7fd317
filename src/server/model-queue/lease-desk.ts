// This room keeps the queues before model servers: it grants the right to send a request to one.
//
// Answers `modelserver.lease.ID`. Only the leader answers, because one of several serves must know all leases. They are in its memory alone:
// the gates renew them each second, so that a serve that starts or begins to lead learns them before it grants any.
import type { MalformedMessage } from "../../audit/records.ts";
import { isGoodbye } from "../../domain/fleet/axis/link.ts";
import { grant, nextChangeMs, placeOf } from "../../domain/model-queue/grant.ts";
import {
  ask,
  emptyQueue,
  end,
  expire,
  hold,
  leaseGoneAfterMs,
  type ModelQueue,
  noteIdle,
  waitingGoneAfterMs,
} from "../../domain/model-queue/model-queue.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { type LeaseAnswer, type LeaseAsk, LeaseAskSchema } from "../../domain/wire/lease-messages.ts";
import { everyModelServerLeaseSubject, parseModelServerLeaseSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus, BusMessage } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { RoleOf } from "../fleet/role-by-heartbeat.ts";
import type { Lease } from "../lease.ts";
import { createQueueCounts, type QueueFigures } from "./queue-counts.ts";
import { createWaiters, replyTo } from "./waiters.ts";

/** After how long a waiting request is answered with its place, if it gets no lease before. */
const answerWithinMs = 2_000;
/** The same for a new request. It is shorter, so that the place is soon shown. */
const firstAnswerWithinMs = 100;
/** For this long a new leader grants nothing, because gates may hold leases that it does not know yet. */
const listensFirstMs = 2_500;
/** For this long a new leader counts the time that a request has waited before, as its gate tells it: the serve that knew it may have just ended. */
const earlierWaitsWithinMs = 15_000;
/** No agent has more requests at the same time than this; it is a bound for the memory. */
const mostOfAgent = 64;

export interface LeaseDeskOptions {
  readonly lease: Pick<Lease, "isLeader" | "onChange">;
  readonly fleet: Pick<FleetState, "records">;
  readonly roleOf: RoleOf;
  readonly onMalformed: (message: MalformedMessage) => void;
  readonly log: Logger;
}

export interface LeaseDesk {
  figures(): readonly QueueFigures[];
  close(): void;
}

export function openLeaseDesk(bus: Bus, options: LeaseDeskOptions): LeaseDesk {
  const { lease, fleet, roleOf, onMalformed, log } = options;
  const queues = new Map<string, ModelQueue>();
  const waiters = createWaiters(log);
  const counts = createQueueCounts();
  let leadsSinceMs = performance.now();
  let grantsFromMs = mayHaveLeases(fleet) ? leadsSinceMs + listensFirstMs : leadsSinceMs;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const reply = (message: BusMessage, answer: LeaseAnswer) => replyTo(message, answer, log);
  const step = (server: string, changed: ModelQueue) => {
    const nowMs = performance.now();
    const queue = expire(changed, nowMs);
    counts.lost(server, changed.leases.length - queue.leases.length);
    counts.seen(server, queue);
    const { granted, queue: next } = nowMs < grantsFromMs ? { granted: [], queue } : grant(queue, nowMs);
    if (mayForget(next, nowMs) || (isIdle(next) && queues.size > mostIdleQueues)) queues.delete(server);
    else queues.set(server, next);
    for (const { id, slot, sinceMs } of granted) {
      counts.granted(server, nowMs - sinceMs);
      waiters.answer(id, { state: "granted", ...(slot !== undefined && { slot }) });
    }
    for (const { id } of next.waiting) {
      if (waiters.dueMs(id) <= nowMs) waiters.answer(id, waitingAnswer(next, id));
    }
  };
  const schedule = () => {
    clearTimeout(timer);
    const nowMs = performance.now();
    const times = [...queues.values()].flatMap((queue) => [
      ...queue.waiting.flatMap(({ id, heardMs }) => [heardMs + waitingGoneAfterMs, waiters.dueMs(id)]),
      ...queue.leases.map(({ heardMs }) => heardMs + leaseGoneAfterMs),
      ...(queue.waiting.length > 0 && grantsFromMs > nowMs ? [grantsFromMs] : []),
      nextChangeMs(queue, nowMs) ?? Number.POSITIVE_INFINITY,
    ]);
    const nextMs = Math.min(...times);
    if (nextMs !== Number.POSITIVE_INFINITY) timer = setTimeout(look, Math.max(1, nextMs - nowMs));
  };
  const look = () => {
    for (const [server, queue] of [...queues]) step(server, queue);
    schedule();
  };
  const take = (message: BusMessage) => {
    if (!lease.isLeader()) return;
    const id = parseModelServerLeaseSubject(message.subject);
    try {
      const asked = decodeMessage(LeaseAskSchema, message.data);
      const agent = callerOf(id, asked);
      const queue = queues.get(asked.server) ?? emptyQueue;
      const nowMs = performance.now();
      const isCaptain = roleOf(agent) === "captain";
      const isEarly = nowMs - leadsSinceMs < earlierWaitsWithinMs;
      const request = requestOf(agent, asked, { isCaptain, isEarly, nowMs });
      requireRoom(queues, queue, request);
      const next = takeAct(queue, asked, request, nowMs);
      if (isUnqueued(queue, asked, request.id)) counts.unqueued(asked.server);
      const granted = next.leases.find((each) => each.id === request.id);
      if (asked.act !== "wait") waiters.answer(request.id, answerNow(asked, granted?.slot));
      if (asked.act === "wait" && granted === undefined) {
        const isKnown = queue.waiting.some((each) => each.id === request.id);
        waiters.answer(request.id, waitingAnswer(next, request.id));
        waiters.add(request.id, message, nowMs + (isKnown ? answerWithinMs : firstAnswerWithinMs));
      } else {
        reply(message, answerNow(asked, granted?.slot));
      }
      step(asked.server, next);
      schedule();
    } catch (error) {
      const { subject, data } = message;
      onMalformed({ subject, data, error, id });
      reply(message, { error: messageOf(error) });
    }
  };
  const unsubscribe = bus.subscribe(everyModelServerLeaseSubject, take);
  const unlisten = lease.onChange((isLeader) => {
    queues.clear();
    waiters.clear();
    clearTimeout(timer);
    if (!isLeader) return;
    leadsSinceMs = performance.now();
    grantsFromMs = leadsSinceMs + listensFirstMs;
  });
  return {
    figures: () => counts.figures(queues, lease.isLeader()),
    close() {
      unsubscribe();
      unlisten();
      clearTimeout(timer);
    },
  };
}

type FoundLeases = Pick<FleetState, "records">;

/** Whether any agent may be running. It may hold a lease that the serve before this one has granted. */
function mayHaveLeases(fleet: FoundLeases): boolean {
  return [...fleet.records()].some(({ said }) => said === undefined || !isGoodbye(said.status));
}

/** A queue without requests is kept as long as its slots' caches may decide something. */
const cacheCountsForMs = 600_000;

const mostIdleQueues = 256;

function isIdle({ waiting, leases }: ModelQueue): boolean {
  return waiting.length === 0 && leases.length === 0;
}

function mayForget(queue: ModelQueue, nowMs: number): boolean {
  return (
    isIdle(queue) && queue.slots.every((slot) => slot === undefined || nowMs - slot.usedMs > cacheCountsForMs)
  );
}

function callerOf(id: AgentId | undefined, { agent_id }: LeaseAsk): AgentId {
  if (id === undefined) throw new CliaiError("message_invalid", "the subject names no agent");
  if (agent_id === undefined || agent_id === id) return id;
  throw new CliaiError("refused", `the body says agent_id "${agent_id}", the subject says "${id}"`);
}

type Waiting = ModelQueue["waiting"][number];

interface Asked {
  readonly isCaptain: boolean;
  /** Whether the request may have waited before this serve could know of it. */
  readonly isEarly: boolean;
  readonly nowMs: number;
}

function requestOf(
  agent: AgentId,
  { request_id, model, slots, waited_ms }: LeaseAsk,
  { isCaptain, isEarly, nowMs }: Asked,
): Waiting {
  const sinceMs = isEarly ? nowMs - waited_ms : nowMs;
  return { id: `${agent}/${request_id}`, agent, isCaptain, model, slots, sinceMs, heardMs: nowMs };
}

/** @throws CliaiError `refused` if the request is new to this queue, and its agent has too many requests already */
function requireRoom(
  queues: ReadonlyMap<string, ModelQueue>,
  queue: ModelQueue,
  { agent, id }: Waiting,
): void {
  if ([...queue.waiting, ...queue.leases].some((each) => each.id === id)) return;
  const own = [...queues.values()]
    .flatMap(({ waiting, leases }) => [...waiting, ...leases])
    .filter((request) => request.agent === agent);
  if (own.length < mostOfAgent) return;
  throw new CliaiError("refused", `${agent} has ${mostOfAgent} requests to model servers already`);
}

function takeAct(
  queue: ModelQueue,
  { act, slot, idle_slots, busy_slots, reread_ms }: LeaseAsk,
  request: Waiting,
  nowMs: number,
): ModelQueue {
  if (act === "wait") {
    const seen = idle_slots && { idle: idle_slots, busy: busy_slots };
    return ask(seen === undefined ? queue : noteIdle(queue, seen, nowMs), request);
  }
  return act === "hold" ? hold(queue, { ...request, slot }) : end(queue, request.id, nowMs, reread_ms);
}

/** Whether a gate tells for the first time that it has sent its request without a lease. */
function isUnqueued({ leases }: ModelQueue, { act, slot }: LeaseAsk, id: string): boolean {
  return act === "hold" && slot === undefined && !leases.some((lease) => lease.id === id);
}

function answerNow({ act }: LeaseAsk, slot: number | undefined): LeaseAnswer {
  if (act === "end") return { state: "ended" };
  return { state: "granted", ...(slot !== undefined && { slot }) };
}

function waitingAnswer(queue: ModelQueue, id: string): LeaseAnswer {
  return { state: "waiting", place: placeOf(queue, id), waiting: queue.waiting.length };
}
