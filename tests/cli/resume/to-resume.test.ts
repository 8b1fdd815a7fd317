import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { readToResume } from "../../../src/cli/resume/to-resume.ts";
import { placeAgent } from "../../../src/credentials/nodes/placements.ts";
import { takeAgentLock } from "../../../src/data-dir/agent-lock.ts";
import { writeRunFile } from "../../../src/data-dir/run-file.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { beatOf, now, recordOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";
import { tempDir } from "../../support/temp-dir.ts";

const run = { run: "11111111-1111-4111-8111-111111111111" };
const session = {
  ...{ instance_id: "r1", session_id: "s1", generation: 1, seq: 1, tools: [] },
  ...{ started_at: now.toISOString(), last_event_at: now.toISOString() },
};

test("readToResume(): an agent whose host was killed has ended, although its bridge lives and sends heartbeats", async () => {
  await using dir = await tempDir();
  // The process that the heartbeats name runs: it is this one.
  const record = recordOf({ heartbeat: beatOf(1), host: hostname(), pid: process.pid, session });
  const view = viewAgent(record, now);
  const find = async () => ({ record, now });
  const stateOf = async () =>
    (await readToResume(view, { find } as never, { dataDir: dir.path, given: {} })).standing.state;
  expect(await stateOf()).toBe("runs");
  const lock = await takeAgentLock(dir.path, ada);
  await writeRunFile(dir.path, ada, run);
  expect(await stateOf()).toBe("runs");
  lock.release();
  expect(await stateOf()).toBe("ended");
});

test("readToResume(): what ran on another machine is started here on request only, and never what belongs on a node", async () => {
  await using dir = await tempDir();
  const heartbeat = beatOf(900, { instance_id: "r1" });
  const record = recordOf({ heartbeat, host: "the-old-machine", pid: process.pid, session });
  const find = async () => ({ record, now });
  const read = async (takesOver: boolean) =>
    await readToResume(viewAgent(record, now), { find } as never, {
      dataDir: dir.path,
      given: {},
      takesOver,
    });
  expect((await read(false)).standing.state).toBe("elsewhere");
  expect((await read(true)).standing).toMatchObject({ state: "ended", wentDown: true });
  const placed_at = now.toISOString();
  await placeAgent(dir.path, { agent_id: ada, node: "laptop", role: "agent", placed_at });
  expect(await read(true)).toMatchObject({ standing: { state: "elsewhere" }, node: "laptop" });
});
