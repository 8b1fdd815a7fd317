// What a heartbeat writes: the record of an agent with many open orders is not written again for each.
import { describe, expect, test } from "bun:test";
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
