// What happens before an agent whose host is gone is started again. Over a real server.
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { createFleetReader } from "../../../src/cli/fleet/fleet-reading.ts";
import { declareGone } from "../../../src/cli/resume/declare-gone.ts";
import { standingOf } from "../../../src/cli/resume/standing.ts";
import { addUnsent, readUnsent } from "../../../src/data-dir/run-file.ts";
import type { AgentView } from "../../../src/domain/fleet/agent-view.ts";
import { silentLogger } from "../../../src/log.ts";
import { ada, statesOf } from "../../support/agents.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const run = "00000000-0000-4000-8000-000000000001";

/** Ada, whose host on this machine works and is heard. */
async function onlineHere({ bus, server }: TestServer): Promise<AgentView> {
  const beat = { instance_id: run, interval_s: 60, host: hostname(), status: "working", agent_cli: "claude" };
  bus.publish("agent.ada.heartbeat", beat);
  return await until("it is online", () => {
    const found = server.fleet.get(ada);
    return found?.axes.link.value === "online" && found;
  });
}

test("declareGone() stores what its host could not report, so that the next run does not do it again", async () => {
  await using dir = await tempDir();
  await using test = await startTestServer();
  const { bus, server } = test;
  const view = await onlineHere(test);
  const receipts = [{ command_id: "c1", state: "applied", run }] as const;
  await addUnsent(dir.path, ada, { receipts, goodbye: undefined });
  const standing = standingOf(view, { hostname: hostname(), isHeld: false, isRunning: false });
  const dataDir = dir.path;
  await declareGone(bus, standing, { dataDir, now: () => new Date(), log: silentLogger });
  await until("its receipt", () => statesOf(test, "c1").length > 0);
  expect([statesOf(test, "c1"), await readUnsent(dataDir, ada)]).toEqual([["applied"], []]);
  await until("its end is known", () => server.fleet.get(ada)?.axes.link.value === "offline");
});

test("declareGone() leaves the end as the server has found it meanwhile, and tells it no second time", async () => {
  await using dir = await tempDir();
  await using test = await startTestServer();
  const { bus } = test;
  const view = await onlineHere(test);
  const standing = standingOf(view, { hostname: hostname(), isHeld: false, isRunning: false });
  const said: unknown[] = [];
  bus.subscribe("agent.ada.status", ({ data }) => said.push(JSON.parse(new TextDecoder().decode(data))));
  const crash = { status: "crashed", message: "SIGKILL", instance_id: run, ended_with: "host" };
  await bus.publishStored("agent.ada.status", crash);
  await until("its end is stored", async () => {
    const found = await createFleetReader(bus, { now: () => new Date(), note: () => undefined }).find(ada);
    return found?.record.said?.status === "crashed";
  });
  await declareGone(bus, standing, { dataDir: dir.path, now: () => new Date(), log: silentLogger });
  await bus.flush();
  expect(said).toMatchObject([{ status: "crashed" }]);
});
