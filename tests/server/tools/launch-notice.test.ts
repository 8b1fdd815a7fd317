import { expect, test } from "bun:test";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { type EndedLaunch, tellOfEnd } from "../../../src/server/tools/launch-notice.ts";
import { startAgent } from "../../support/agent-fixture.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const cap = parseAgentId("cap");
const ended: EndedLaunch = { id: ada, captain: cap, task: "dig a hole\nand more", how: "exit code 3" };

const tell = ({ bus, server }: TestServer, more: Partial<EndedLaunch> = {}) =>
  tellOfEnd({ bus, server, now: () => new Date() }, { ...ended, ...more });

/** A run of the fleet with a captain. */
async function startWithCaptain() {
  const run = await startTestServer();
  const captain = await startAgent(run, run.bus, "cap", { role: "captain" });
  return { run, captain };
}

test("tellOfEnd() tells the captain how the agent has ended, why, and what it said last; once for each run", async () => {
  const { run, captain } = await startWithCaptain();
  await using _ = run;
  run.bus.publish("agent.ada.heartbeat", { instance_id: "r1", seq: 1, status: "working" });
  await until("ada", () => run.server.fleet.get(ada));
  await run.bus.publishStored("agent.ada.event", {
    kind: "said",
    detail: "It is half dug.",
    instance_id: "r1",
  });
  await run.bus.publishStored("agent.ada.status", {
    status: "crashed",
    message: "SIGKILL",
    instance_id: "r1",
  });
  await tell(run);
  await tell(run);
  const items = await captain.inbox();
  expect(items).toMatchObject([{ from: "ada", message_id: "launch-ada-r1" }]);
  const text = String(items[0]?.text);
  expect(text).toStartWith('ada, which you launched with "dig a hole');
  expect(text).toContain("is crashed (SIGKILL)");
  expect(text).toEndWith("Its last words: It is half dug.");
});

test("tellOfEnd() of an agent that never came says how its process ended", async () => {
  const { run, captain } = await startWithCaptain();
  await using _ = run;
  await tell(run);
  const [item] = await captain.inbox();
  expect(item?.text).toContain("has ended (exit code 3)");
  expect(item?.text).toEndWith("It said nothing.");
});

test("tellOfEnd() tells nobody where the captain was removed, and is refused by one that was stopped", async () => {
  const { run } = await startWithCaptain();
  await using _ = run;
  await tell(run, { captain: parseAgentId("gone") });
  await run.bus.publishStored("agent.cap.status", { status: "stopped", message: "enough" });
  await until("its end", () => run.server.fleet.get(cap)?.status === "stopped");
  await expect(tell(run)).rejects.toMatchObject({ code: "refused" });
});
