import { expect, test } from "bun:test";
import { auditEnd, printEnd, waitForWork } from "../../../src/cli/spawn/await-work.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const say = (bus: Bus, detail: string) =>
  bus.publishStored("agent.ada.event", {
    ...{ agent_id: "ada", instance_id: "i1", kind: "said", detail, timestamp: new Date().toISOString() },
  });

test("waitForWork() has what the agent said since its launch, also before the wait began, and nothing older", async () => {
  await using serve = await startTestServer();
  const { bus, server } = serve;
  bus.publish("agent.ada.heartbeat", { agent_id: "ada", instance_id: "i1", status: "working" });
  await waitFor(() => server.fleet.get(ada)?.heartbeat, { what: "ada is known" });
  await say(bus, "Of an earlier task.");
  const context = testContext();
  const work = { id: ada, after: await auditEnd(bus), timeoutMs: 0, context };
  expect((await waitForWork(bus, work)).words).toBeUndefined();
  await say(bus, "Done in no time.");
  const end = await waitForWork(bus, work);
  expect(end.words).toBe("Done in no time.");
  expect(() => printEnd(end, work, context)).toThrow("ada is working after 0 s, not done");
  expect(context.printed).toEqual(["Done in no time."]);
});
