// Which events reach the fleet, in what order and with what numbers, over a connection that comes and goes.
import { describe, expect, test } from "bun:test";
import { CliaiError } from "../../src/domain/text/errors.ts";
import type { AgentEvent } from "../../src/domain/wire/event-messages.ts";
import { createEventSender, type LocalModel } from "../../src/host/event-sender.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { ada } from "../support/agents.ts";
import { until } from "../support/wait-for.ts";

function sender({ localModel, isUp = true }: { localModel?: LocalModel; isUp?: boolean } = {}) {
  const sent: AgentEvent[] = [];
  const refusals: Error[] = [];
  let listener: (bus: Bus | undefined) => void = () => undefined;
  const bus = {
    publish(subject: string, event: AgentEvent) {
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      expect(subject).toBe("agent.ada.event");
      sent.push(event);
    },
  } as unknown as Bus;
  let present = isUp ? bus : undefined;
  const events = createEventSender({
    ...{ id: ada, instanceId: "r1", localModel, log: silentLogger },
    link: {
      bus: () => present,
      onChange(listen: typeof listener) {
        listener = listen;
        return () => {
          listener = () => undefined;
        };
      },
    } as Parameters<typeof createEventSender>[0]["link"],
    now: () => new Date("2026-01-01T00:00:00.000Z"),
  });
  const connect = (isNow: boolean) => {
    present = isNow ? bus : undefined;
    listener(present);
  };
  return { ...events, sent, refusals, connect, details: () => sent.map(({ detail }) => detail) };
}

describe("createEventSender()", () => {
  test("numbers the events of one generation from 1, and names the run", async () => {
    const { send, sent } = sender();
    send({ kind: "prompt", detail: "dig" });
    send({ kind: "turn_end" });
    expect(sent).toEqual([]); // the CLI waits for the answer to its hook first
    await until("both are sent", () => sent.length === 2);
    const generation = Date.parse("2026-01-01T00:00:00.000Z");
    const common = { agent_id: ada, instance_id: "r1", generation, timestamp: "2026-01-01T00:00:00.000Z" };
    expect(sent).toEqual([
      { ...common, kind: "prompt", detail: "dig", seq: 1 },
      { ...common, kind: "turn_end", seq: 2 },
    ]);
  });

  test("keeps what comes while the connection is away, and sends it in order when it is back", () => {
    const { send, connect, sent } = sender({ isUp: false });
    for (const detail of ["1", "2", "3"]) send({ kind: "prompt", detail });
    connect(false);
    expect(sent).toEqual([]);
    connect(true);
    expect(sent.map(({ detail, seq }) => [detail, seq])).toEqual([
      ["1", 1],
      ["2", 2],
      ["3", 3],
    ]);
  });

  test("of too many keeps the newest thousand, which tell the present state", () => {
    const { send, connect, sent } = sender({ isUp: false });
    for (let count = 1; count <= 1_001; count += 1) send({ kind: "prompt" });
    connect(true);
    expect([sent.length, sent[0]?.seq, sent.at(-1)?.seq]).toEqual([1_000, 2, 1_001]);
  });

  test("keeps an event that a closing connection does not take, and drops one that is too large for any", () => {
    const { send, connect, refusals, details } = sender({ isUp: false });
    for (const detail of ["1", "2", "3"]) send({ kind: "prompt", detail });
    refusals.push(new CliaiError("nats_unreachable", "closing"));
    connect(true);
    expect(details()).toEqual([]);
    refusals.push(new CliaiError("payload_too_large", "9 MB"));
    connect(true);
    expect(details()).toEqual(["2", "3"]);
  });

  test("sends at its end what it still has, and nothing over a later connection", () => {
    const { send, stop, connect, details } = sender();
    send({ kind: "prompt", detail: "1" });
    stop();
    expect(details()).toEqual(["1"]);
    connect(false);
    send({ kind: "prompt", detail: "2" });
    connect(true);
    expect(details()).toEqual(["1"]);
  });
});

describe("createEventSender() of a model on the user's own server", () => {
  const usage = { model: "/models/qwen3.gguf", tokens_used: 7, estimated_cost: 0.5 };
  const told = (name: string | undefined, more: object = {}) => {
    const { send, stop, sent } = sender({ localModel: { name } });
    send({ kind: "usage", usage: { ...usage, ...more } });
    stop();
    return sent[0]?.usage;
  };

  test("names the model as its user does, and tells no cost, because it has none", () => {
    expect(told("qwen3")).toEqual({ model: "qwen3", tokens_used: 7 });
    expect(told(undefined)).toEqual({ model: "qwen3.gguf", tokens_used: 7 });
  });

  test("leaves events without usage as they are, and the cost of a model that is not local", () => {
    const local = sender({ localModel: { name: "qwen3" } });
    local.send({ kind: "prompt", detail: "dig" });
    local.stop();
    expect(local.sent[0]).not.toHaveProperty("usage");
    const other = sender();
    other.send({ kind: "usage", usage });
    other.stop();
    expect(other.sent[0]?.usage).toEqual(usage);
  });
});
