import { expect, test } from "bun:test";
import { readWhenHeard, requireRunning } from "../../../src/cli/conformance/conformance.ts";
import { startHearing } from "../../../src/cli/conformance/hearing.ts";
import { createFleetReader, viewOf } from "../../../src/cli/fleet/fleet-reading.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { patienceMs, until } from "../../support/wait-for.ts";

test("requireRunning() refuses an agent that is paused, because the checks would let it go on", async () => {
  await using run = await startTestServer();
  const reader = createFleetReader(run.bus, { now: () => new Date(), note: () => undefined });
  const says = async (status: string) => {
    run.bus.publish("agent.ada.heartbeat", { status });
    await until(`it is ${status}`, () => run.server.fleet.get(ada)?.status === status);
    return await reader.require("ada");
  };
  const paused = await says("paused");
  expect(() => requireRunning(paused)).toThrow(
    expect.objectContaining({ code: "refused", message: expect.stringMatching(/^ada is paused \(/) }),
  );
  const idle = await says("idle");
  expect(() => requireRunning(idle)).not.toThrow();
});

test("readWhenHeard() gives an agent whose heartbeat is late the time to be heard again, and no more than that", async () => {
  await using run = await startTestServer();
  const fleet = createFleetReader(run.bus, { now: () => new Date(), note: () => undefined });
  const linkOf = async () => viewOf(await fleet.require("ada")).axes.link.value;
  run.bus.publish("agent.ada.heartbeat", { status: "idle", interval_s: 0.1 });
  await until("it is known", () => run.server.fleet.get(ada));
  await until("it is silent", async () => (await linkOf()) === "silent");
  const hearing = startHearing(run.bus, ada);
  const silent = await readWhenHeard(fleet, hearing, ada, 1);
  expect(viewOf(silent).axes.link.value).toBe("silent");
  let asked = 0;
  const asking = {
    require: (id: string) => {
      asked += 1;
      return fleet.require(id);
    },
  };
  const heard = readWhenHeard(asking, hearing, ada, patienceMs);
  await until("it has been seen silent", () => asked > 0);
  run.bus.publish("agent.ada.heartbeat", { status: "idle" });
  expect(viewOf(await heard).axes.link.value).toBe("online");
  hearing.stop();
});
