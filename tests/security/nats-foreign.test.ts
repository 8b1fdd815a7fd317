// A NATS server that others run, with exactly the rights that docs/security.md asks its operator for: all of cliai works there,
// and the server refuses nothing of it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createSeed, mintUser, readSeed } from "../../src/nats/credentials.ts";
import { showAgent, startBridge } from "../support/bridges.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { startForeignNats } from "../support/foreign-nats.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

/** The subjects of the table, as an operator reads it: `.status` stands for the subject before it with another end. */
async function documentedRights(id: string): Promise<{ publish: string[]; subscribe: string[] }> {
  const page = await readFile(join(import.meta.dirname, "..", "..", "docs", "security.md"), "utf8");
  const rights = { publish: [] as string[], subscribe: [] as string[] };
  for (const [, act, cell] of page.matchAll(/^\| (publish|subscribe) \| (.+) \|$/gm)) {
    let last = "";
    for (const [, subject = ""] of (cell ?? "").matchAll(/`([^`]+)`/g)) {
      last = subject.startsWith(".") ? last.replace(/\.[^.]+$/, subject) : subject;
      rights[act as "publish" | "subscribe"].push(last.replaceAll("ID", id));
    }
  }
  return rights;
}

test("the documented rights are enough for a bridge, its tools, a command and its receipts, and allow no other agent's", async () => {
  await using dir = await tempDir();
  const issuer = readSeed("account", createSeed("account"));
  const [fleet, ada] = [await mintUser(issuer, { name: "fleet" }), await mintUser(issuer, { name: "ada" })];
  await writeFile(dir.join("fleet.creds"), fleet.creds, { mode: 0o600 });
  await writeFile(dir.join("ada.creds"), ada.creds, { mode: 0o600 });
  const { publish, subscribe } = await documentedRights("ada");
  expect(publish).toContain("agent.ada.receipt");
  expect(publish.length).toBeGreaterThan(5);
  const permissions = JSON.stringify({ publish, subscribe });
  await using nats = await startForeignNats(`authorization {
  users: [
    { nkey: ${fleet.userKey} }
    { nkey: ${ada.userKey}, permissions: ${permissions} }
  ]
}`);
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
  const sent = await serve.run(["send", "task", "ada", "dig deeper", "--wait", "delivered"]);
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
  expect(nats.log()).toContain("Violation");
  const spawned = await serve.run(["spawn", "--dry-run", "--id", "bob"]);
  expect(spawned.code).toBe(2);
  expect(spawned.stderr).toContain("needs credentials of its own");
});
