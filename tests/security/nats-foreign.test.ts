// A NATS server that others run, with exactly the accounts that docs/security.md asks its operator for: all of cliai works
// there, the server refuses nothing of it, and an agent reaches nothing of another's.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator } from "nats";
import { createSeed, mintUser, readSeed } from "../../src/nats/accounts/credentials.ts";
import { showAgent, startBridge } from "../support/bridges.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { startForeignNats } from "../support/foreign-nats.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** The accounts of docs/security.md, for one agent. */
async function documentedAccounts(id: string, fleetKey: string, agentKey: string): Promise<string> {
  const page = await readFile(join(import.meta.dirname, "..", "..", "docs", "security.md"), "utf8");
  const config = /^```\n(accounts \{\n[\s\S]*?)^```$/m.exec(page)?.[1] ?? "";
  const named = config.replaceAll("FLEET_KEY", fleetKey).replaceAll("ID_KEY", agentKey);
  return named.replaceAll(/\bID\b|(?<=AGENT_)ID\b/g, id);
}

test("the documented accounts are enough for a bridge, its tools, a command and its receipts, and allow no other agent's", async () => {
  await using dir = await tempDir();
  const issuer = readSeed("account", createSeed("account"));
  const [fleet, ada] = [await mintUser(issuer, { name: "fleet" }), await mintUser(issuer, { name: "ada" })];
  await writeFile(dir.join("fleet.creds"), fleet.creds, { mode: 0o600 });
  await writeFile(dir.join("ada.creds"), ada.creds, { mode: 0o600 });
  const accounts = await documentedAccounts("ada", fleet.userKey, ada.userKey);
  expect(accounts).toContain('subject: "agent.ada.receipt"');
  expect(accounts).not.toContain("_KEY");
  await using nats = await startForeignNats(accounts);
  const url = `nats://127.0.0.1:${nats.port}`;
  await using serve = await startServe({
    args: ["--nats-url", url, "--nats-creds", dir.join("fleet.creds")],
    dataDir: dir.join("data"),
  });
  expect(serve.natsUrl).toBe(url);
  const given = async () => ({ code: 0, signal: null, stdout: dir.join("ada.creds"), stderr: "" });
  await using bridge = await startBridge({ ...serve, run: given }, "ada");
  await initialize(bridge);
  const said = await callTool(bridge, 1, "report_status", { status: "working", current_task: "dig" });
  expect(said).toMatchObject({ isError: false });
  const sent = await serve.run([
    "send",
    "task",
    "ada",
    "dig deeper",
    "--wait",
    "delivered",
    "--timeout",
    "80",
  ]);
  expect(sent).toMatchObject({ code: 0 });
  const inbox = await callTool(bridge, 2, "check_inbox", {});
  expect(inbox.text).toContain("dig deeper");
  const states = await waitFor(
    async () => {
      const [command] = (await showAgent(serve, "ada")).commands;
      const found = command?.receipts.map(({ state }) => state) ?? [];
      return found.includes("injected") && found;
    },
    { what: "the receipt that the task was handed over" },
  );
  expect(states).toEqual(expect.arrayContaining(["stored", "delivered", "injected"]));
  bridge.endInput();
  await bridge.exit();
  await waitFor(async () => (await showAgent(serve, "ada")).axes.link.value === "offline", {
    what: "its goodbye has come in",
  });
  expect(nats.log()).not.toContain("Violation");

  const asAda = ["--url", url, "--creds", dir.join("ada.creds")];
  const stop = await runCliai(["send", "stop", "ada", ...asAda]);
  expect(stop.code).not.toBe(0);
  const raw = await connect({
    servers: url,
    authenticator: credsAuthenticator(new TextEncoder().encode(ada.creds)),
    inboxPrefix: "_INBOX.ada",
  });
  for (const subject of ["agent.bob.heartbeat", "agent.ada.command", "$KV.agents.ada"]) {
    raw.publish(subject, '{"status":"idle","type":"stop"}');
    raw.publish("agent.ada.status", '{"status":"idle"}', { reply: subject });
  }
  const call = JSON.stringify({ tool: "list_agents", arguments: {} });
  expect((await raw.request("tools.call.ada", call)).string()).not.toContain("bob");
  await raw.close();
  expect((await showAgent(serve, "ada")).commands.map(({ type }) => type)).toEqual(["task"]);
  const spawned = await serve.run(["spawn", "--dry-run", "--id", "bob"]);
  expect(spawned.code).toBe(2);
  expect(spawned.stderr).toContain("needs credentials of its own");
  // Those of serve itself, which allow everything, are no agent's: named or not.
  for (const at of [[], ["--url", url]]) {
    const as = ["spawn", "--dry-run", "--id", "bob", "--creds", dir.join("fleet.creds"), ...at];
    const refused = await serve.run(as);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("needs credentials of its own"),
    });
  }
  expect(existsSync(join(serve.dataDir, "agents", "bob", "mcp.json"))).toBe(false);
  const own = await serve.run(["spawn", "--dry-run", "--id", "ada", ...asAda]);
  expect(own).toMatchObject({ code: 0 });
});
