import { expect, test } from "bun:test";
import { type StoppedAgent, stopOnlineAgents } from "../../../src/cli/background/stop-agents.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

test("stopOnlineAgents() does not call an agent stopped that has only fallen silent meanwhile", async () => {
  await using run = await startTestServer();
  run.bus.publish("agent.ada.heartbeat", { instance_id: "run-1", seq: 1, interval_s: 1 });
  const link = () => run.server.fleet.get(ada)?.axes.link.value;
  await waitFor(() => link() === "online", { what: "ada is online" });
  const told: StoppedAgent[] = [];
  const context = testContext();
  const stopped = await stopOnlineAgents(run.bus, context, {
    ...{ force: false, timeoutMs: 4_000, tellEveryMs: 500 },
    onStopped: (each) => told.push(each),
  });
  expect(link()).toBe("silent");
  expect(stopped).toEqual([{ agent_id: ada, outcome: "no_answer", detail: expect.any(String) }]);
  expect(told).toEqual([...stopped]);
  // Meanwhile a person at a terminal is told who is waited for.
  expect(context.noted[0]).toStartWith("stopping ada (within 4 s");
  expect(context.progressed[0]).toMatch(/^ada: still unknown after \d s: /);
});
