// This room keeps the requests that wait for a person or a captain.
//
// Stores requests in the bucket `requests`, and decides them by compare-and-set, so that the first answer counts, whoever gives it. Answers
// go to the agent as messages, which survive every restart.

import { unknownRequest } from "../../domain/find-request.ts";
import {
  type AgentRequest,
  decideRequest,
  isOpen,
  type RequestAction,
  type RequestKind,
  RequestSchema,
} from "../../domain/requests.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { checkMessage, parseJson } from "../../domain/wire/decode.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { type Bucket, openBucket } from "../../nats/jetstream/bucket.ts";
import { followStream, type StreamMessage } from "../../nats/jetstream/follow.ts";
import type { RequestReading } from "../server-desks.ts";
import { createTelling } from "./answer-telling.ts";
import { createRequestWaits } from "./request-waits.ts";

/** How long `decide` and `ask` wait until this serve has read their own change from the bucket. It takes longer only if NATS is failing. */
const ownReadingWithinMs = 1_000;
const clockEveryMs = 500;
/** How long an ended request is kept. */
const keptMs = 30 * 24 * 60 * 60 * 1_000;
const bucketStream = `KV_${buckets.requests}`;

export interface RequestService extends RequestReading {
  /** Stores the request and resolves with the stored one. If a request of that id exists, it stays unchanged. */
  ask(request: AgentRequest): Promise<AgentRequest>;
  /** How many of an agent's requests of a kind are open, including those that are being stored. */
  countOpen(agentId: AgentId, kind: RequestKind): number;
  /** How many open requests of the same agent and kind were stored before this one. Every serve counts the same. */
  countBefore(request: AgentRequest): number;
  /** @throws what {@link decideStored} throws */
  decide(
    requestId: string,
    action: RequestAction | ((request: AgentRequest) => RequestAction),
  ): Promise<AgentRequest>;
  /** Resolves with the request when it has ended; or as it is when the time is over or the signal aborts. Does not resolve after `stop`. */
  waitForEnd(requestId: string, timeoutMs: number, signal?: AbortSignal): Promise<AgentRequest | undefined>;
  stop(): Promise<void>;
}

/**
 * Decides a request in the bucket. The server and `cliai answer` use it.
 * @param action what to do with the request, or a function that decides it from the present request
 * @throws CliaiError `request_unknown`; `decided_already`, naming who was first, if the request has ended; what the function throws
 */
export async function decideStored(
  bucket: Bucket,
  requestId: string,
  action: RequestAction | ((request: AgentRequest) => RequestAction),
): Promise<AgentRequest> {
  for (;;) {
    const entry = await bucket.entry(requestId);
    if (entry === undefined) throw unknownRequest(requestId, [...(await bucket.entries()).keys()]);
    const request = checkMessage(RequestSchema, entry.value);
    const decided = decideRequest(request, typeof action === "function" ? action(request) : action);
    // If somebody else has changed it since it was read, read it again; an earlier decision counts.
    if (await bucket.replace(requestId, decided, entry.revision)) return decided;
  }
}

export interface RequestServiceOptions {
  readonly replicas: number;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Resolves when every stored request has been read. */
export async function startRequests(bus: Bus, options: RequestServiceOptions): Promise<RequestService> {
  const { replicas, now, log } = options;
  const bucket = await openBucket(bus, buckets.requests, { replicas });
  const requests = new Map<string, AgentRequest>();
  /** Requests that are being stored and were not read back yet. */
  const beingAsked = new Map<string, AgentRequest>();
  const listeners = new Set<(request: AgentRequest) => void>();
  const waits = createRequestWaits(requests, listeners);

  const tell = createTelling(bus, bucket, now, log);
  const take = ({ subject, data, removesKey }: StreamMessage) => {
    const key = subject.split(".").at(-1) ?? "";
    if (removesKey) {
      requests.delete(key);
      return;
    }
    const request = checkMessage(RequestSchema, parseJson(data));
    if (request.request_id !== key) throw new Error(`it is the request ${request.request_id}`);
    requests.set(request.request_id, request);
    beingAsked.delete(request.request_id);
    notify(listeners, request, log);
    tell(request);
  };
  /** Logs a failure of a part of the tick's work. The next tick tries again. */
  const attempt = (what: string, todo: Promise<unknown>) => {
    todo.catch((error: unknown) => log.debug(`${what}: ${messageOf(error)}`));
  };
  /** Overwrites a value that is not a request with the known request, because otherwise nobody could decide it. */
  const putBack = ({ subject, seq }: StreamMessage) => {
    const known = requests.get(subject.split(".").at(-1) ?? "");
    if (known !== undefined)
      attempt(`the request on ${subject}`, bucket.replace(known.request_id, known, seq));
  };
  const following = followStream(bus, {
    stream: bucketStream,
    from: 1,
    log,
    onMessage: (message) => {
      try {
        take(message);
      } catch (error) {
        putBack(message);
        log.warn(`the value of ${message.subject} is not a request: ${messageOf(error)}`);
      }
    },
  });
  await following.caughtUp;

  const decide: RequestService["decide"] = async (requestId, action) => {
    const decided = await decideStored(bucket, requestId, action);
    // Wait until this serve has read the decision, so that the caller finds it in `get` and `all`.
    if (!isOpen(decided)) await waits.forEnd(requestId, ownReadingWithinMs);
    return decided;
  };
  /** Every serve removes old requests itself, by its own clock. */
  const remove = async (requestId: string) => {
    await bucket.erase(requestId);
    requests.delete(requestId);
  };
  const timer = setInterval(() => {
    if (!bus.isConnected()) return;
    for (const request of requests.values()) {
      const { request_id } = request;
      const act = { type: "expire", at: now().toISOString() } as const;
      tell(request);
      if (isDue(request, now())) attempt(`expiry of ${request_id}`, decide(request_id, act));
      else if (isOld(request, now())) attempt(`removal of ${request_id}`, remove(request_id));
    }
  }, clockEveryMs);

  return {
    ...createReading(requests, listeners),
    ask: async (request) => {
      const { request_id } = request;
      if (!requests.has(request_id)) beingAsked.set(request_id, request);
      try {
        if (await bucket.create(request_id, request)) {
          await waits.forReading(request_id, ownReadingWithinMs);
          return request;
        }
      } catch (error) {
        beingAsked.delete(request_id);
        throw error;
      }
      beingAsked.delete(request_id);
      const entry = await bucket.entry(request_id);
      return entry === undefined ? request : checkMessage(RequestSchema, entry.value);
    },
    ...createCounts(requests, beingAsked),
    decide,
    waitForEnd: waits.forEnd,
    async stop() {
      clearInterval(timer);
      // Calls that wait get no answer, so that the agent's bridge asks the next server.
      waits.stop();
      await following.stop();
    },
  };
}

/** A listener that throws says nothing about the request, and does not keep the others from it. */
function notify(
  listeners: Iterable<(request: AgentRequest) => void>,
  request: AgentRequest,
  log: Logger,
): void {
  for (const listener of listeners) {
    try {
      listener(request);
    } catch (error) {
      log.error(`the request ${request.request_id} is not handled: ${messageOf(error)}`);
    }
  }
}

function createReading(
  requests: ReadonlyMap<string, AgentRequest>,
  listeners: Set<(request: AgentRequest) => void>,
): RequestReading {
  return {
    open: () => [...requests.values()].filter(isOpen).sort((a, b) => (a.asked_at < b.asked_at ? -1 : 1)),
    all: () => [...requests.values()],
    get: (requestId) => requests.get(requestId),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function isDue(request: AgentRequest, now: Date): boolean {
  const { expires_at } = request;
  return isOpen(request) && expires_at !== undefined && expires_at <= now.toISOString();
}

function isOld({ ended_at }: AgentRequest, now: Date): boolean {
  return ended_at !== undefined && ended_at < new Date(now.getTime() - keptMs).toISOString();
}

function createCounts(
  requests: ReadonlyMap<string, AgentRequest>,
  beingAsked: ReadonlyMap<string, AgentRequest>,
): Pick<RequestService, "countOpen" | "countBefore"> {
  return {
    countOpen: (agentId, kind) => {
      const all = new Map([...beingAsked, ...requests]).values();
      return all.filter((each) => each.agent_id === agentId && each.kind === kind && isOpen(each)).toArray()
        .length;
    },
    countBefore: ({ request_id, agent_id, kind }) => {
      let count = 0;
      // The map is in the order in which the requests were read, which is the order of the bucket.
      for (const each of requests.values()) {
        if (each.request_id === request_id) break;
        if (each.agent_id === agent_id && each.kind === kind && isOpen(each)) count += 1;
      }
      return count;
    },
  };
}
