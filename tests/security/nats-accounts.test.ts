// The agents' own accounts as a user meets them: they need no running server, survive the loss of nats-server's files, and
// agents of a data directory from before they were are moved into theirs.
import { expect, test } from "bun:test";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator } from "nats";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { mintUser, readSeed } from "../../src/nats/accounts/credentials.ts";
import { agentPermissions } from "../../src/nats/accounts/permissions.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

const credsOf = (dataDir: string, id: string) => join(dataDir, "agents", id, "nats.creds");

/** What the server answers to a tool call made with these credentials. */
async function callWith(serve: RunningServe, id: string, creds: string, tool: string, args: object = {}) {
  const connection = await connect({
    servers: serve.natsUrl,
    authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
    inboxPrefix: `_INBOX.${id}`,
    reconnect: false,
  });
  try {
    const call = JSON.stringify({ tool, arguments: args });
    return (await connection.request(`tools.call.${id}`, call, { timeout: 60_000 })).json();
  } finally {
    await connection.close();
  }
}

test("credentials made while no server runs are good at its next start, also when nats-server's files are lost", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  {
    await using _ = await startServe({ dataDir });
  }
  expect((await runCliai(["agents", "add", "ada", "--data-dir", dataDir])).code).toBe(0);
  const creds = await readFile(credsOf(dataDir, "ada"), "utf8");
  {
    await using serve = await startServe({ dataDir });
    expect(await callWith(serve, "ada", creds, "list_agents")).toMatchObject({ success: true });
  }
  await rm(join(dataDir, "nats"), { recursive: true });
  await using serve = await startServe({ dataDir });
  expect(await callWith(serve, "ada", creds, "list_agents")).toMatchObject({ success: true });
});

test("an agent keeps its account, however often it is given credentials", async () => {
  await using serve = await startServe();
  for (let times = 0; times < 3; times += 1) {
    expect((await serve.run(["agents", "add", "ada"])).code).toBe(0);
    const creds = await readFile(credsOf(serve.dataDir, "ada"), "utf8");
    expect(await callWith(serve, "ada", creds, "list_agents")).toMatchObject({ success: true });
  }
  const accounts = await readdir(join(serve.dataDir, "nats", "accounts"));
  // The system's, the fleet's, that of machines that join, and ada's.
  expect(accounts.filter((name) => name.endsWith(".jwt"))).toHaveLength(4);
});

test("agents that were in the fleet's account are moved: new credentials of the same role in the same place, the old void", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  {
    await using first = await startServe({ dataDir });
    expect((await first.run(["agents", "add", "queen", "--role", "captain"])).code).toBe(0);
  }
  // As they were made before agents had accounts.
  const key = readSeed("account", await readFile(join(dataDir, "keys", "account.nk"), "utf8"));
  const permissions = agentPermissions(parseAgentId("queen"));
  const { userKey, creds: old } = await mintUser(key, { name: "queen", permissions });
  const grants = join(dataDir, "keys", "agents", "queen");
  const issuedAt = new Date(Date.now() - 24 * 60 * 60 * 1_000);
  const expiresAt = new Date(issuedAt.getTime() + 30 * 24 * 60 * 60 * 1_000);
  for (const name of await readdir(grants)) await rm(join(grants, name));
  const grant = { agent_id: "queen", user_key: userKey, role: "captain" };
  const times = { issued_at: issuedAt.toISOString(), expires_at: expiresAt.toISOString() };
  await writeFile(join(grants, `${userKey}.json`), JSON.stringify({ ...grant, ...times }), { mode: 0o600 });
  await writeFile(credsOf(dataDir, "queen"), old, { mode: 0o600 });

  await using second = await startServe({ dataDir });
  await expect(callWith(second, "queen", old, "list_agents")).rejects.toThrow("Authorization Violation");
  const moved = await readFile(credsOf(dataDir, "queen"), "utf8");
  const told = await callWith(second, "queen", moved, "broadcast", { text: "all hands" });
  // That is no word on its role: there is nobody to hear it.
  expect(told).toMatchObject({ error: expect.stringContaining("no other agent is online") });
  const listed = JSON.parse((await second.run(["agents", "--json"])).stdout);
  expect(listed).toEqual([
    { agent_id: "queen", state: "good", role: "captain", expires_at: expiresAt.toISOString() },
  ]);
});
