// The alert about a crash: over a real server, with an agent that speaks plain NATS.
import { describe, expect, test } from "bun:test";
import { buckets } from "../../../src/domain/wire/subjects.ts";
import { openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const message = "ada: crashed: SIGKILL; what to do: cliai resume ada";
const crashes = ({ server }: TestServer) => server.alerts.open().filter(({ kind }) => kind === "crashed");

async function beat({ bus, server }: TestServer, instance_id: string): Promise<void> {
  bus.publish("agent.ada.heartbeat", { instance_id, status: "working", agent_cli: "claude" });
  await until(instance_id, () => server.fleet.get(ada)?.heartbeat?.instance_id === instance_id);
}

async function crash(run: TestServer, instance_id: string): Promise<void> {
  const said = { status: "crashed", message: "SIGKILL", instance_id };
  await run.bus.publishStored("agent.ada.status", said);
  await until("the alert", () => crashes(run).length === 1);
}

describe("watchCrashes()", () => {
  test("raises one alert, also over a restart of the server, and ends it when the agent is back", async () => {
    await using run = await startTestServer();
    await beat(run, "r1");
    await crash(run, "r1");
    const [first] = crashes(run);
    expect(first).toMatchObject({ severity: "warning", agent_id: "ada", count: 1, message });
    const second = await run.restart();
    await until("the same alert", () => crashes(second).length === 1);
    expect(crashes(second)).toMatchObject([{ alert_id: first?.alert_id, count: 1 }]);
    await beat(second, "r2");
    await until("its end", () => crashes(second).length === 0);
    await crash(second, "r2");
    expect(crashes(second)[0]?.alert_id).not.toBe(first?.alert_id ?? "");
    await second.server.stop();
  });

  test("raises it for a crash that no server saw, and ends it when the agent is removed", async () => {
    await using run = await startTestServer();
    await beat(run, "r1");
    const said = { status: "crashed", message: "SIGKILL", instance_id: "r1" };
    const second = await run.restart(() =>
      run.bus.publishStored("agent.ada.status", said).then(() => undefined),
    );
    await until("the alert", () => crashes(second).length === 1);
    // As `cliai agents remove` does.
    await (await openExistingBucket(second.bus, buckets.agents)).delete(ada);
    await until("its end", () => crashes(second).length === 0);
    await second.server.stop();
  });

  test("an agent that ended by itself, or was stopped, has not crashed", async () => {
    await using run = await startTestServer();
    for (const [status, instance_id] of [
      ["ended", "r1"],
      ["stopped", "r2"],
    ] as const) {
      await beat(run, instance_id);
      await run.bus.publishStored("agent.ada.status", { status, instance_id });
      await until(status, () => run.server.fleet.get(ada)?.status === status);
      await run.server.catchUp(ada);
      expect(crashes(run)).toEqual([]);
    }
  });
});
