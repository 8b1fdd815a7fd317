import { describe, expect, test } from "bun:test";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readGrants } from "../../../src/credentials/agent-grants.ts";
import { signAgent } from "../../../src/credentials/agent-keys.ts";
import { ensureKeys, operatorCredsPath } from "../../../src/credentials/keys.ts";
import { addNode, readNodes, requireFreeName, revokeNode } from "../../../src/credentials/nodes/nodes.ts";
import { placeAgent, placementOf } from "../../../src/credentials/nodes/placements.ts";
import { keysDirOf, natsDirOf } from "../../../src/data-dir/data-dir.ts";
import { writeServeFile } from "../../../src/data-dir/serve-file.ts";
import { takeLock } from "../../../src/data-dir/serve-lock.ts";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { readUser } from "../../../src/nats/accounts/credentials.ts";
import { createUserKey } from "../../../src/nats/accounts/node-credentials.ts";
import { accountsDirOf } from "../../../src/nats/child/server-config.ts";
import { ada, bob } from "../../support/agents.ts";
import { errorOf, failureOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";

const now = new Date("2026-05-03T12:00:00.000Z");

async function directory() {
  const dir = await tempDir();
  const keys = await ensureKeys(dir.path);
  const add = (name: string, key = createUserKey()) =>
    addNode(dir.path, keys, { name, user_key: key.publicKey, may_launch: false, host: "box", now });
  const accounts = () => readdir(accountsDirOf(natsDirOf(dir.path)));
  return { path: dir.path, keys, add, accounts, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

describe("addNode()", () => {
  test("signs the key that the machine has made, for an account of its own and as nobody else", async () => {
    await using data = await directory();
    const key = createUserKey();
    const { node, jwt } = await data.add("laptop", key);
    expect(await data.accounts()).toEqual([`${node.account_key}.jwt`]);
    expect(readNodes(data.path, () => undefined)).toEqual([node]);
    expect(await readUser(key.credsWith(jwt))).toEqual({ isOperator: false });
    const claims = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ sub: key.publicKey, name: "node:laptop" });
    expect(claims.exp).toBeUndefined();
    expect(claims.nats.pub.allow).toEqual(["node.laptop.heartbeat", "node.laptop.credentials", "_INBOX.>"]);
  });

  test("signs the same key again, into the same account", async () => {
    await using data = await directory();
    const key = createUserKey();
    const { node } = await data.add("laptop", key);
    expect((await data.add("laptop", key)).node).toEqual(node);
    expect(await data.accounts()).toHaveLength(1);
  });

  test("refuses the name of another node, also in another case", async () => {
    await using data = await directory();
    await data.add("laptop");
    expect(errorOf(() => requireFreeName(data.path, { name: "Laptop", user_key: "U" }))).toMatchObject({
      code: "usage",
      message: 'there is a node "laptop" already',
      hint: "join under another name: --name NAME; or on the server's machine: cliai nodes revoke laptop",
    });
  });
});

test("requireFreeName() refuses the key of a node of another name", async () => {
  await using data = await directory();
  const key = createUserKey();
  await data.add("laptop", key);
  const asked = { name: "other", user_key: key.publicKey };
  expect(errorOf(() => requireFreeName(data.path, asked))).toMatchObject({
    ...{ code: "usage", message: 'this key is that of the node "laptop" already' },
  });
});

test("readNodes() gives a damaged file no right, and names it", async () => {
  await using data = await directory();
  await data.add("laptop");
  await data.add("other");
  await writeFile(join(keysDirOf(data.path), "nodes", "laptop.json"), "{");
  const problems: string[] = [];
  const nodes = readNodes(data.path, ({ message }) => problems.push(message));
  expect(nodes.map(({ name }) => name)).toEqual(["other"]);
  expect(problems).toEqual([expect.stringContaining("laptop.json")]);
});

describe("revokeNode()", () => {
  test("removes the node and its account, also while no server runs", async () => {
    await using data = await directory();
    const { node } = await data.add("laptop");
    expect(await revokeNode(data.path, data.keys, "laptop", { now: now, log })).toBe(false);
    expect(readNodes(data.path, () => undefined)).toEqual([]);
    expect(await data.accounts()).not.toContain(`${node.account_key}.jwt`);
  });

  test("also ends the agents that belong on the node, and no others", async () => {
    await using data = await directory();
    await data.add("laptop");
    const expiresAt = new Date(now.getTime() + 60_000);
    for (const [id, node] of [
      [ada, "laptop"],
      [bob, "other"],
    ] as const) {
      const userKey = createUserKey().publicKey;
      await signAgent(data.path, data.keys, { id, role: "agent", userKey, expiresAt, now });
      await placeAgent(data.path, { agent_id: id, node, role: "agent", placed_at: now.toISOString() });
    }
    await revokeNode(data.path, data.keys, "laptop", { now, log });
    const isRevoked = (id: AgentId) =>
      readGrants(data.path, id).map(({ revoked_at }) => revoked_at !== undefined);
    expect([isRevoked(ada), isRevoked(bob)]).toEqual([[true], [false]]);
    expect([placementOf(data.path, ada), placementOf(data.path, bob)?.node]).toEqual([undefined, "other"]);
  });

  test("ends the other agents of the node if the file of one is damaged, and names that file", async () => {
    await using data = await directory();
    await data.add("laptop");
    const expiresAt = new Date(now.getTime() + 60_000);
    const userKey = createUserKey().publicKey;
    await signAgent(data.path, data.keys, { id: bob, role: "agent", userKey, expiresAt, now });
    await placeAgent(data.path, {
      agent_id: bob,
      node: "laptop",
      role: "agent",
      placed_at: now.toISOString(),
    });
    await writeFile(join(keysDirOf(data.path), "placed", `${ada}.json`), "{");
    const warned: string[] = [];
    const logger = { ...log, warn: (line: string) => void warned.push(line) };
    await revokeNode(data.path, data.keys, "laptop", { now, log: logger });
    expect(readGrants(data.path, bob)[0]?.revoked_at).toBe(now.toISOString());
    expect(warned).toEqual([expect.stringContaining("ada.json")]);
    expect(readNodes(data.path, () => undefined)).toEqual([]);
  });

  test("keeps the node if its agents cannot all be ended, so that it can be revoked again", async () => {
    await using data = await directory();
    await data.add("laptop");
    const userKey = createUserKey().publicKey;
    const order = { id: ada, role: "agent", userKey, expiresAt: now, now } as const;
    await signAgent(data.path, data.keys, order);
    await placeAgent(data.path, {
      agent_id: ada,
      node: "laptop",
      role: "agent",
      placed_at: now.toISOString(),
    });
    const damaged = join(keysDirOf(data.path), "agents", ada, "U.json");
    await writeFile(damaged, "{");
    const revoke = () => revokeNode(data.path, data.keys, "laptop", { now, log });
    expect(await failureOf(revoke())).toMatchObject({ code: "config_invalid" });
    expect(readNodes(data.path, () => undefined)).toHaveLength(1);
    await rm(damaged);
    await revoke();
    expect(readGrants(data.path, ada)[0]?.revoked_at).toBe(now.toISOString());
    expect(readNodes(data.path, () => undefined)).toEqual([]);
  });

  test("keeps the node while a server runs whose nats-server does not answer, so that it can be revoked again", async () => {
    await using data = await directory();
    await data.add("laptop");
    const release = await takeLock(data.path, { url: "http://127.0.0.1:1", instance: "i" });
    await writeServeFile(data.path, {
      ...{ url: "http://127.0.0.1:1", nats_url: "nats://127.0.0.1:1", data_dir: data.path, version: "1.2.3" },
      ...{
        pid: process.pid,
        instance: "i",
        nats_version: "2.15.2",
        nats_creds: operatorCredsPath(data.path),
      },
    });
    const revoke = () => revokeNode(data.path, data.keys, "laptop", { now, log });
    expect(await failureOf(revoke())).toMatchObject({
      ...{ code: "nats_unreachable", hint: "try it again; or end the server first: cliai down" },
      message: `the server on ${data.path} runs, but its nats-server does not answer: nothing was revoked`,
    });
    expect(readNodes(data.path, () => undefined)).toHaveLength(1);
    await release();
    expect(await revoke()).toBe(false);
    expect(readNodes(data.path, () => undefined)).toEqual([]);
  });

  test("refuses a name that is none, with the nearest one", async () => {
    await using data = await directory();
    await data.add("laptop");
    expect(await failureOf(revokeNode(data.path, data.keys, "laptpo", { now: now, log }))).toMatchObject({
      ...{ code: "usage", message: 'there is no node "laptpo"', hint: expect.stringContaining("laptop") },
    });
  });
});

test("the private key of a node is nowhere on the server's side", async () => {
  await using data = await directory();
  const key = createUserKey();
  const { jwt } = await data.add("laptop", key);
  const seed = /-----BEGIN USER NKEY SEED-----\s+(\S+)/.exec(key.credsWith(jwt))?.[1] ?? "none";
  expect(seed).toStartWith("SU");
  const files = (await readdir(data.path, { recursive: true, withFileTypes: true })).filter((e) =>
    e.isFile(),
  );
  for (const file of files)
    expect(await readFile(join(file.parentPath, file.name), "utf8")).not.toContain(seed);
});
