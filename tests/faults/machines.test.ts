// The machines of commands and requests from end to end, without a wire: streams that are read in pieces, again and side
// by side, servers that stop anywhere, people who answer at once. What tests/domain shows of each step, this of the whole.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AgentRecord, inboxOf } from "../../src/domain/fleet/agent-record.ts";
import { type FleetEvent, reduceAgent } from "../../src/domain/fleet/reduce-agent.ts";
import { isFinal, isSettled, isTaken } from "../../src/domain/receipts.ts";
import { answerText } from "../../src/domain/request-answer.ts";
import {
  type AgentRequest,
  answerMessageId,
  decideRequest,
  isOpen,
  type RequestAction,
} from "../../src/domain/requests.ts";
import { receiptStates } from "../../src/domain/wire/messages.ts";
import { ada as id } from "../support/agents.ts";

const time = (s: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + s * 1000).toISOString();
const runs = { numRuns: 300 };
/** `stored` is the stream's own word. */
const saidStates = receiptStates.filter((state) => state !== "stored");

/** Two streams of one agent, each in its own order. */
interface History {
  readonly orders: readonly FleetEvent[];
  readonly receipts: readonly FleetEvent[];
}

const anyHistory = (maxOrders: number): fc.Arbitrary<History> =>
  fc
    .record({
      types: fc.array(fc.constantFrom("task", "pause", "stop", "shutdown", "message"), {
        minLength: 1,
        maxLength: maxOrders,
      }),
      said: fc.array(fc.record({ of: fc.nat(maxOrders), state: fc.constantFrom(...saidStates) }), {
        maxLength: 3 * maxOrders,
      }),
    })
    .map(({ types, said }) => ({
      orders: types.map((type, n) => orderEvent(type, n)),
      receipts: said.map(({ of, state }, n) => receiptEvent(`c${of % types.length}`, state, n + 1)),
    }));

function orderEvent(type: string, n: number): FleetEvent {
  const facts = { id, at: time(n), stream_seq: n + 1 };
  const command_id = `c${n}`;
  if (type === "message")
    return { ...facts, type, message: { message_id: command_id, from: "bob", text: "hi" } };
  if (type === "shutdown") return { ...facts, type, message: { command_id, reason: "night" } };
  const command = { type: type as "task", command_id, from: "me", payload: "x" };
  return { ...facts, type: "command", message: command };
}

function receiptEvent(
  command_id: string,
  state: (typeof receiptStates)[number],
  audit_seq: number,
): FleetEvent {
  return { type: "receipt", id, at: time(100 + audit_seq), audit_seq, message: { command_id, state } };
}

/** One thing that the reader of the streams does. */
interface ReaderStep {
  readonly type: "order" | "receipt" | "keep" | "crash";
  /** How many messages before what was kept a crash reads again. */
  readonly back: number;
}

const readerSteps = fc.array(
  fc.record({
    type: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom<ReaderStep["type"]>("order", "receipt") },
      { weight: 1, arbitrary: fc.constantFrom<ReaderStep["type"]>("keep", "crash") },
    ),
    back: fc.nat(20),
  }),
  { maxLength: 120 },
);

/** Reads both streams in a random interleaving; a crash goes back to what was kept, and reads again from before that. */
function readWithCrashes(
  { orders, receipts }: History,
  steps: readonly ReaderStep[],
): AgentRecord | undefined {
  let place = { orders: 0, receipts: 0 };
  let record: AgentRecord | undefined;
  let kept = { record, ...place };
  const read = (stream: "orders" | "receipts") => {
    const event = (stream === "orders" ? orders : receipts)[place[stream]];
    if (event === undefined) return;
    record = reduceAgent(record, event);
    place = { ...place, [stream]: place[stream] + 1 };
  };
  for (const step of steps) {
    if (step.type === "order") read("orders");
    else if (step.type === "receipt") read("receipts");
    else if (step.type === "keep") kept = { record, ...place };
    else {
      record = kept.record;
      place = {
        orders: Math.max(0, kept.orders - step.back),
        receipts: Math.max(0, kept.receipts - step.back),
      };
    }
  }
  while (place.orders < orders.length) read("orders");
  while (place.receipts < receipts.length) read("receipts");
  return record;
}

function inOrderOfIds(record: AgentRecord | undefined): AgentRecord["commands"] {
  return (record?.commands ?? []).toSorted((a, b) => a.command_id.localeCompare(b.command_id));
}

describe("commands and their receipts", () => {
  test("crashes, repetitions and any interleaving of the streams end at one and the same record", () => {
    fc.assert(
      fc.property(anyHistory(20), readerSteps, (history, steps) => {
        const straight = readWithCrashes(history, []);
        const crashed = readWithCrashes(history, steps);
        expect(inOrderOfIds(crashed)).toEqual(inOrderOfIds(straight));
        expect(crashed?.audit_seq).toBe(straight?.audit_seq);
        expect(crashed?.commands_seq).toBe(straight?.commands_seq);
      }),
      runs,
    );
  });

  test("at every moment a command has at most one final receipt, which never changes, and is then in no inbox", () => {
    fc.assert(
      fc.property(
        anyHistory(20),
        fc.array(fc.boolean(), { maxLength: 100 }),
        ({ orders, receipts }, choices) => {
          const [left, right] = [[...orders], [...receipts]];
          const events = [
            ...choices.flatMap((isOrder) => (isOrder ? left : right).splice(0, 1)),
            ...left,
            ...right,
          ];
          const ends = new Map<string, string>();
          let record: AgentRecord | undefined;
          for (const event of events) {
            record = reduceAgent(record, event);
            const waiting = new Set(inboxOf(record).map(({ command_id }) => command_id));
            for (const command of record.commands) {
              const finals = command.receipts.filter(({ state }) => isFinal(state)).map(({ state }) => state);
              expect(finals.length).toBeLessThanOrEqual(1);
              const [first] = finals;
              if (first === undefined) continue;
              expect(ends.get(command.command_id) ?? first).toBe(first);
              ends.set(command.command_id, first);
              expect(waiting.has(command.command_id)).toBe(false);
            }
          }
        },
      ),
      runs,
    );
  });

  test("what waits is never dropped, however many commands came and went beside it", () => {
    fc.assert(
      fc.property(anyHistory(80), readerSteps, (history, steps) => {
        // Receipts follow their commands here, as the server reads them.
        const record = readWithCrashes(
          { orders: history.orders, receipts: [] },
          steps.filter(({ type }) => type !== "receipt"),
        );
        const after = history.receipts.reduce<AgentRecord | undefined>(reduceAgent, record);
        const said = new Set(
          history.receipts.map((event) => (event.type === "receipt" ? event.message.command_id : "")),
        );
        const kept = new Set(after?.commands.map(({ command_id }) => command_id));
        for (const [n] of history.orders.entries()) {
          if (!said.has(`c${n}`)) expect(kept.has(`c${n}`)).toBe(true);
        }
        for (const command of inboxOf(after as AgentRecord)) {
          expect(isTaken(command)).toBe(false);
          expect(isSettled(command)).toBe(false);
        }
      }),
      runs,
    );
  });
});

/** What one of several people or servers does with the request; each reads it first and writes later. */
interface ActorStep {
  readonly actor: number;
  readonly action: RequestAction | "tell" | "read the inbox";
}

const anyAction: fc.Arbitrary<RequestAction> = fc.oneof(
  fc
    .record({ by: fc.constantFrom("ann", "ben", "cap"), approved: fc.boolean(), s: fc.nat(90) })
    .map(({ by, approved, s }) => ({ type: "answer" as const, answer: { by, approved, at: time(s) } })),
  fc.nat(120).map((s) => ({ type: "expire" as const, at: time(s) })),
  fc.constant({ type: "withdraw" as const, at: time(3) }),
  fc.constant({ type: "escalate" as const, by: "cap", at: time(2), reason: "not mine to say" }),
);
const actorSteps: fc.Arbitrary<ActorStep[]> = fc.array(
  fc.record({
    actor: fc.nat(3),
    action: fc.oneof(
      { weight: 3, arbitrary: anyAction as fc.Arbitrary<ActorStep["action"]> },
      { weight: 2, arbitrary: fc.constant<ActorStep["action"]>("tell") },
      { weight: 1, arbitrary: fc.constant<ActorStep["action"]>("read the inbox") },
    ),
  }),
  { maxLength: 60 },
);

const approval: AgentRequest = {
  request_id: "r1",
  agent_id: id,
  kind: "stop_approval",
  question: "may I stop?",
  asked_at: time(0),
  expires_at: time(60),
  on_expiry: "refuse",
  state: "asked",
};

/** A bucket, a stream and several servers that may each have read something old. */
function playRequest(steps: readonly ActorStep[]) {
  let stored = { value: approval, revision: 1 };
  const views = Array.from({ length: 4 }, () => stored);
  const decisions: AgentRequest[] = [];
  const idsInStream = new Set<string>();
  let agent = reduceAgent(undefined, { type: "heartbeat", id, at: time(0), message: {} });
  let given = 0;
  let auditSeq = 0;
  for (const { actor, action } of steps) {
    const seen = views[actor] ?? stored;
    views[actor] = stored; // whatever comes of it, the next look is a fresh one
    if (action === "tell") {
      const { value } = seen;
      const message_id = answerMessageId(value.request_id);
      if (isOpen(value) || value.state === "withdrawn" || idsInStream.has(message_id)) continue;
      idsInStream.add(message_id);
      const message = { message_id, from: value.answer?.by ?? "policy", text: answerText(value) };
      agent = reduceAgent(agent, {
        type: "message",
        id,
        at: time(200),
        stream_seq: idsInStream.size,
        message,
      });
    } else if (action === "read the inbox") {
      for (const { command_id } of inboxOf(agent)) {
        given += 1;
        auditSeq += 1;
        agent = reduceAgent(agent, receiptEvent(command_id, "injected", auditSeq));
      }
    } else {
      try {
        const value = decideRequest(seen.value, action);
        if (seen.revision !== stored.revision || value === seen.value) continue; // another was faster
        stored = { value, revision: stored.revision + 1 };
        if (!isOpen(value)) decisions.push(value);
      } catch {
        expect(isOpen(seen.value)).toBe(false);
      }
    }
  }
  return { request: stored.value, decisions, agent, given };
}

describe("requests and their answers", () => {
  test("whoever decides from however old a view: one decision, one message, given to the agent once", () => {
    fc.assert(
      fc.property(actorSteps, (steps) => {
        const { request, decisions, agent, given } = playRequest(steps);
        expect(decisions.length).toBe(isOpen(request) ? 0 : 1);
        if (!isOpen(request)) expect(request).toBe(decisions[0] as AgentRequest);
        if (request.state === "expired")
          expect(request.answer).toMatchObject({ by: "policy", approved: false });
        if (request.answer?.approved === true) expect(request.state).toBe("answered");
        const messages = agent.commands.filter(({ type }) => type === "message");
        expect(messages.length).toBeLessThanOrEqual(isOpen(request) || request.state === "withdrawn" ? 0 : 1);
        expect(given + inboxOf(agent).length).toBe(messages.length);
        for (const { summary } of messages) expect(summary).toBe(answerText(request));
      }),
      { numRuns: 1_000 },
    );
  });
});
