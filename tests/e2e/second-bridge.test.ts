// `claude mcp list` starts every MCP server once more: a second bridge of an agent comes and goes beside the first.
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { bridgeEnv, fetchAgent, startBridge } from "../support/bridges.ts";
import { claudeEnvironment, runClaude } from "../support/claude-code.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("the agent stays as it is, and a stop is for the bridge that stays", async () => {
  await using dir = await tempDir();
  const work = dir.join("work");
  await mkdir(work);
  const none = "http://127.0.0.1:9";
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs: [work], modelServerUrl: none });
  await using serve = await startServe();
  const own = await bridgeEnv(serve, "ada");
  await using first = await startBridge(serve, "ada");
  await initialize(first);
  await callTool(first, 1, "report_status", { status: "working", current_task: "dig" });
  const before = await waitFor(
    async () => {
      const agent = await fetchAgent(serve, "ada");
      return agent.status === "working" && agent;
    },
    { what: "it works" },
  );
  const given = Object.entries(own).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const added = ["mcp", "add", "-s", "user", "cliai", ...given, "--", ...cliaiCommand(), "bridge"];
  expect((await runClaude(added, { env, cwd: work })).code).toBe(0);
  const goodbye = async () => {
    const { stdout } = await serve.run(["audit", "--agent", "ada", "--json"]);
    return stdout.includes('"disconnected"');
  };
  // The list is done as soon as the bridge has answered: on a busy machine perhaps before the bridge has reached NATS, and then nobody heard of it.
  for (let lists = 0; lists < 10 && !(await goodbye()); lists += 1) {
    expect((await runClaude(["mcp", "list"], { env, cwd: work })).stdout).toMatch(/cliai.*Connected/);
  }
  await waitFor(goodbye, { what: "the goodbye of the second bridge" });
  const after = await fetchAgent(serve, "ada");
  expect(after).toMatchObject({ status: "working", current_task: "dig", pid: before.pid });
  expect(after).toMatchObject({ axes: { link: { value: "online" } } });
  const sent = await serve.run(["send", "stop", "ada", "--wait", "delivered", "--timeout", "80"]);
  expect(sent.code).toBe(0);
  expect((await first.exit()).code).toBe(0);
});
