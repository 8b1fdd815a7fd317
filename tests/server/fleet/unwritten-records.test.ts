// What a heartbeat writes: the record of an agent with many open orders is not written again for each.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { createUnwrittenRecords } from "../../../src/server/fleet/unwritten-records.ts";
import { storeCommand } from "../../../src/server/send-command.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const tasks = 300;

function beat({ bus }: TestServer, seq: number, status = "working"): void {
  bus.publish("agent.ada.heartbeat", { agent_id: ada, instance_id: "i1", seq, interval_s: 15, status });
}

async function untilBeat({ server }: TestServer, seq: number): Promise<void> {
  await waitFor(() => server.fleet.get(ada)?.heartbeat?.seq === seq, { what: `heartbeat ${seq}` });
}

/** Ada with so many open orders, as the reducer makes her record, and what is unwritten of it. */
function start({ orders = 0 } = {}) {
  let record: AgentRecord | undefined;
  let seconds = 0;
  const apply = (event: object) => {
    seconds += 1;
    const at = new Date(Date.UTC(2026, 4, 3, 12, 0, seconds)).toISOString();
    record = reduceAgent(record, { id: ada, at, ...event } as FleetEvent);
  };
  const beat = (message: object = {}) =>
    apply({ type: "heartbeat", message: { instance_id: "i1", ...message } });
  beat({ seq: 1 });
  for (let n = 1; n <= orders; n += 1)
    apply({ type: "command", stream_seq: n, message: { type: "task", payload: "dig", command_id: `c${n}` } });
  const unwritten = createUnwrittenRecords((id) => (id === ada ? record : undefined));
  return {
    ...{ unwritten, beat },
    record: () => record as AgentRecord,
    /** As the store does: takes what has changed, and writes it. */
    write: () => {
      const ids = unwritten.take();
      for (const _ of ids) unwritten.wrote(ada, record as AgentRecord);
      return ids;
    },
  };
}

describe("createUnwrittenRecords()", () => {
  test("an agent is new until its record is stored, and then changed", () => {
    const { unwritten, beat, write } = start();
    expect(unwritten.note(ada)).toBe("new");
    expect(unwritten.count()).toBe(1);
    expect(write()).toEqual([ada]);
    expect([unwritten.count(), write()]).toEqual([0, []]);
    beat({ seq: 2, status: "working" });
    expect(unwritten.note(ada)).toBe("changed");
  });

  test("a mere heartbeat waits where orders would be written with it, and goes with the next change", () => {
    const { unwritten, beat, write } = start({ orders: 600 });
    unwritten.note(ada);
    write();
    beat({ seq: 2 });
    expect([unwritten.note(ada), unwritten.count()]).toEqual(["resting", 0]);
    beat({ seq: 3, status: "idle" });
    expect([unwritten.note(ada), unwritten.count()]).toEqual(["changed", 1]);
    // What has changed does not rest any more, whatever comes after it.
    beat({ seq: 4, status: "idle" });
    expect(unwritten.note(ada)).toBe("changed");
    write();
    beat({ instance_id: "i2", seq: 1 });
    expect(unwritten.note(ada)).toBe("changed");
  });

  test("a heartbeat without orders is written, and so is one after a record that another serve has overwritten", () => {
    const without = start();
    without.unwritten.note(ada);
    without.write();
    without.beat({ seq: 2 });
    expect(without.unwritten.note(ada)).toBe("changed");
    const { unwritten, beat, write } = start({ orders: 600 });
    unwritten.note(ada);
    write();
    unwritten.noteOverwritten(ada);
    beat({ seq: 2 });
    expect(unwritten.note(ada)).toBe("changed");
  });

  test("the end of a serve wakes the heartbeats that rest", () => {
    const { unwritten, beat, write } = start({ orders: 600 });
    unwritten.note(ada);
    write();
    beat({ seq: 2 });
    unwritten.note(ada);
    unwritten.wakeAll();
    expect(write()).toEqual([ada]);
    unwritten.wakeAll();
    expect(unwritten.count()).toBe(0);
  });

  test("what could not be written is given back; what the bucket has already, and an agent that is gone, is not", () => {
    const { unwritten, record } = start({ orders: 2 });
    unwritten.note(ada);
    unwritten.giveBack(unwritten.take());
    expect(unwritten.count()).toBe(1);
    unwritten.settle(record());
    expect(unwritten.count()).toBe(0);
    expect(unwritten.note(ada)).toBe("changed");
    unwritten.forget(ada);
    expect(unwritten.count()).toBe(0);
    expect(unwritten.note(ada)).toBe("new");
  });

  test("says which orders the record in the bucket has", () => {
    const { unwritten, record } = start({ orders: 2 });
    expect(unwritten.hasOrder(ada, 1)).toBe(false);
    unwritten.noteStored(record());
    expect([1, 2, 3].map((seq) => unwritten.hasOrder(ada, seq))).toEqual([true, true, false]);
    unwritten.forget(ada);
    expect(unwritten.hasOrder(ada, 1)).toBe(false);
  });
});

describe("createUnwrittenRecords() in a server", () => {
  test("heartbeats that say nothing new are not written with all that is open; what is new is, and a stop writes all", async () => {
    await using test = await startTestServer();
    const { bus, server } = test;
    beat(test, 1);
    await untilBeat(test, 1);
    await Promise.all(
      Array.from({ length: tasks }, (_, n) =>
        storeCommand(
          bus,
          { id: ada, type: "task", text: "x".repeat(200), from: "me", command_id: `c${n}` },
          new Date(),
        ),
      ),
    );
    await waitFor(() => server.fleet.get(ada)?.commands.length === tasks, { what: "its tasks" });

    /** Waits until no more is written of the agent, and gives what stands there. */
    const kv = await bus.connection.jetstream().views.kv("agents");
    let written = 0;
    const bytes: number[] = [];
    const watch = await kv.watch({ key: "ada" });
    void (async () => {
      for await (const { value } of watch) {
        written += 1;
        bytes.push(value.length);
      }
    })();
    const stored = async () =>
      (await kv.get("ada"))?.json<{
        heartbeat: { seq: number };
        said: { status: string };
        commands: object[];
      }>();
    await waitFor(async () => (await stored())?.commands.length === tasks, { what: "all is written" });

    const before = written;
    for (let seq = 2; seq <= 20; seq += 1) {
      beat(test, seq);
      await untilBeat(test, seq);
      // Each is a moment of its own for the store: it writes at most every 200 ms.
      if (seq % 5 === 0) await waitForFlush(test);
    }
    expect(written - before).toBeLessThanOrEqual(1);

    beat(test, 21, "idle");
    await waitFor(async () => (await stored())?.said.status === "idle", { what: "the new word is written" });
    expect((await stored())?.heartbeat.seq).toBe(21);

    beat(test, 22, "idle");
    await untilBeat(test, 22);
    await using again = await test.restart(async () => {
      expect((await stored())?.heartbeat.seq).toBe(22);
    });
    expect(again.server.fleet.get(ada)?.commands.length).toBe(tasks);
  });

  /** Another agent's first heartbeat is written at once, and all that is due with it. */
  async function waitForFlush({ bus }: TestServer): Promise<void> {
    const id = `bob${crypto.randomUUID().slice(0, 8)}`;
    bus.publish(`agent.${id}.heartbeat`, { agent_id: id, status: "idle" });
    const kv = await bus.connection.jetstream().views.kv("agents");
    await waitFor(async () => (await kv.get(id)) !== null, { what: "what is due is written" });
  }
});
