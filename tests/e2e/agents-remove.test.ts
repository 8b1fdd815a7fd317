// cliai agents remove: an agent goes out of the fleet, with its queue, its requests, its credentials and its files.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { silentLogger as log } from "../../src/log.ts";
import { connectBus } from "../../src/nats/bus.ts";
import { consumerNames, subjectCounts } from "../../src/nats/streams.ts";
import { startBridge } from "../support/bridges.ts";
import { startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

test("an agent that is away is removed from everything but the history, and stays so over a restart", async () => {
  await using dir = await tempDir();
  await using first = new AsyncDisposableStack();
  const serve = first.use(await startServe({ dataDir: dir.join("data") }));
  const shown = async () => {
    const agents = (await (await serve.fetch("/api/agents")).json()) as {
      agent_id: string;
      status: string;
    }[];
    return agents.map(({ agent_id, status }) => `${agent_id} ${status}`);
  };
  {
    await using ada = await startBridge(serve, "ada");
    await initialize(ada);
    await callTool(ada, 1, "ask_human", { question: "left?", wait_s: 0 });
    const refused = await serve.run(["agents", "remove", "ada"]);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining("ada is online") });
  }
  await waitFor(async () => (await shown())[0] === "ada disconnected", {
    what: "the goodbye",
    deadlineMs: 10_000,
  });
  expect(await serve.run(["send", "task", "ada", "later", "--wait", "stored"])).toMatchObject({ code: 0 });

  const removed = await serve.run(["agents", "remove", "ada", "--json"]);
  expect(removed).toMatchObject({ code: 0, stdout: '{"agent_id":"ada","removed":true}\n' });
  await waitFor(async () => (await shown()).length === 0, { what: "the fleet is empty", saw: shown });
  expect(JSON.parse((await serve.run(["ls", "--json"])).stdout)).toEqual([]);
  expect(JSON.parse((await serve.run(["inbox", "--json"])).stdout)).toEqual([]);
  expect(existsSync(join(serve.dataDir, "agents", "ada"))).toBe(false);
  const bus = await connectBus({ url: serve.natsUrl, name: "test", credsPath: serve.credsPath, log });
  expect([...(await consumerNames(bus, "COMMANDS"))].filter((name) => name.startsWith("bridge-"))).toEqual(
    [],
  );
  expect((await subjectCounts(bus, "COMMANDS")).size).toBe(0);
  await bus.close();
  const history = await serve.run(["audit", "--agent", "ada", "--json"]);
  expect(history.stdout).toContain("agent.ada.status");

  await first.disposeAsync();
  await using again = await startServe({ dataDir: serve.dataDir });
  const agents = (await (await again.fetch("/api/agents")).json()) as unknown[];
  expect(agents).toEqual([]);
  expect(await again.run(["agents", "remove", "ada"])).toMatchObject({ code: 2 });
});
