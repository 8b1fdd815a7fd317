// What becomes of the task of a launch. What a launch starts: tests/e2e/headless-agents.test.ts.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHeadlessAgents, type HeadlessAgents } from "../../../src/cli/serve/headless-agents.ts";
import { profileReader } from "../../../src/cli/spawn/profile.ts";
import { parseConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/log.ts";
import { ada, statesOf } from "../../support/agents.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

setDefaultTimeout(60_000);

const config = parseConfig('{"agents":{"coder":{}}}', "profiles.json");

interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly agents: HeadlessAgents;
}

async function startScene(): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const server = parts.use(await startTestServer());
  const dataDir = dir.join("data");
  const agents = createHeadlessAgents({
    ...{ dataDir, bus: server.bus, server: server.server, configPath: undefined },
    profiles: profileReader({ config, path: undefined }, dataDir),
    context: { env: { PATH: "/nonexistent" }, cwd: dir.path, now: () => new Date(), log: silentLogger },
    hosts: { look: async () => undefined },
  });
  parts.defer(() => agents.stop());
  const owned = parts.move();
  return {
    ...{ server, agents },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("createHeadlessAgents().spawn()", () => {
  test("a launch that fails after its answer has failed with the task of that answer", async () => {
    await using scene = await startScene();
    const { agents, server } = scene;
    const spawned = await agents.spawn({ profile: "coder", id: ada, task: "dig", from: "api" }, 0);
    const { command_id = "" } = spawned;
    expect(spawned).toEqual({ agent_id: ada, command_id, starting: true });
    await until("its task has failed", () => statesOf(server, command_id).includes("failed"));
    expect(server.server.fleet.get(ada)?.commands).toMatchObject([{ command_id, summary: "dig" }]);
  });
});
