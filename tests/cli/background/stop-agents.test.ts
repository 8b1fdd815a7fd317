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
  const stopped = await stopOnlineAgents(run.bus, testContext(), {
    ...{ force: false, timeoutMs: 4_000 },
    onStopped: (each) => told.push(each),
  });
  expect(link()).toBe("silent");
  expect(stopped).toEqual([{ agent_id: ada, outcome: "no_answer", detail: expect.any(String) }]);
  expect(told).toEqual([...stopped]);
});
