// cliai agents remove: an agent goes out of the fleet, with its queue, its requests, its credentials and its files.
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger as log } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { consumerNames } from "../../src/nats/jetstream/consumers.ts";
import { subjectCounts } from "../../src/nats/jetstream/stream-messages.ts";
import { startBridge } from "../support/bridges.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

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
  });
  const later = ["send", "task", "ada", "later", "--id", "once", "--wait", "stored"];
  expect(await serve.run(later)).toMatchObject({ code: 0 });
  const kept = dir.join("kept.creds");
  await copyFile(join(serve.dataDir, "agents/ada/nats.creds"), kept);
  const accounts = () => readdirSync(join(serve.dataDir, "nats/accounts"));
  expect(accounts()).toHaveLength(4); // the system's, the fleet's, that of machines that join, its own

  const removed = await serve.run(["agents", "remove", "ada", "--json"]);
  expect(removed).toMatchObject({ code: 0, stdout: '{"agent_id":"ada","removed":true}\n' });
  await waitFor(async () => (await shown()).length === 0, { what: "the fleet is empty", saw: shown });
  expect(JSON.parse((await serve.run(["ls", "--json"])).stdout)).toEqual([]);
  expect(JSON.parse((await serve.run(["inbox", "--json"])).stdout)).toEqual([]);
  expect(existsSync(join(serve.dataDir, "agents", "ada"))).toBe(false);
  expect(existsSync(join(serve.dataDir, "keys", "agents", "ada"))).toBe(false);
  expect(accounts()).toHaveLength(3);
  expect((await serve.run(["agents", "ls", "--json"])).stdout).toBe("[]\n");
  const asBefore = ["ls", "--url", serve.natsUrl, "--creds", kept];
  expect(await runCliai(asBefore)).toMatchObject({ code: 5 });
  const bus = await connectBus({ url: serve.natsUrl, name: "test", credsPath: serve.credsPath, log });
  expect([...(await consumerNames(bus, "COMMANDS"))].filter((name) => name.startsWith("bridge-"))).toEqual(
    [],
  );
  expect((await subjectCounts(bus, "COMMANDS")).size).toBe(0);
  {
    // A successor: an order under an id of before is its own, and stored once.
    await using ada = await startBridge(serve, "ada");
    await initialize(ada);
    for (const what of ["first", "again"]) {
      const sent = await serve.run(later);
      expect([what, sent.code, sent.stderr]).toEqual([what, 0, ""]);
      expect((await subjectCounts(bus, "COMMANDS")).get("agent.ada.command")).toBe(1);
    }
    const inbox = await callTool(ada, 1, "check_inbox", {});
    expect(inbox.text).toContain("later");
    ada.endInput();
    await ada.exit();
  }
  await waitFor(async () => (await shown())[0] === "ada disconnected", {
    what: "its goodbye",
  });
  expect(await serve.run(["agents", "remove", "ada"])).toMatchObject({ code: 0 });
  await bus.close();
  const history = await serve.run(["audit", "--agent", "ada", "--json"]);
  expect(history.stdout).toContain("agent.ada.status");

  await first.disposeAsync();
  await using again = await startServe({ dataDir: serve.dataDir });
  const agents = (await (await again.fetch("/api/agents")).json()) as unknown[];
  expect(agents).toEqual([]);
  expect(await again.run(["agents", "remove", "ada"])).toMatchObject({ code: 2 });
  const now = ["ls", "--url", again.natsUrl, "--creds", kept];
  expect(await runCliai(now)).toMatchObject({ code: 5 });
});
