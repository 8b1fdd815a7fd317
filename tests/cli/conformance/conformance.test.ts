import { expect, test } from "bun:test";
import { requireRunning } from "../../../src/cli/conformance/conformance.ts";
import { createFleetReader } from "../../../src/cli/fleet/fleet-reading.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

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
