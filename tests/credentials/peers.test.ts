import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { ensureKeys } from "../../src/credentials/keys.ts";
import {
  addPeer,
  ensurePeerAccounts,
  isGoodPeer,
  peerCredsPath,
  readPeers,
  revokePeer,
} from "../../src/credentials/peers.ts";
import { natsDirOf } from "../../src/data-dir/data-dir.ts";
import { silentLogger as log } from "../../src/log.ts";
import { readUser } from "../../src/nats/accounts/credentials.ts";
import { accountsDirOf } from "../../src/nats/child/server-config.ts";
import { ada } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

const now = new Date("2026-05-03T12:00:00.000Z");

async function dataDir() {
  const dir = await tempDir();
  const keys = await ensureKeys(dir.path);
  const unusable: string[] = [];
  return {
    ...{ path: dir.path, keys, unusable },
    add: (name: string, more: object = {}) =>
      addPeer(dir.path, keys, { name, mayPermit: false, now, ...more }),
    peers: () => readPeers(dir.path, ({ message }) => unusable.push(message)),
    accounts: () => readdir(accountsDirOf(natsDirOf(dir.path))),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describe("addPeer()", () => {
  test("writes credentials that only this user can read, a record of them, and an account of its own", async () => {
    await using data = await dataDir();
    const path = await data.add("ci", { agents: [ada], expiresAt: new Date(now.getTime() + 1_000) });
    expect(path).toBe(peerCredsPath(data.path, "ci"));
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
    const [peer] = data.peers();
    expect(peer).toMatchObject({ name: "ci", agents: ["ada"], may_permit: false });
    expect(await data.accounts()).toEqual([`${peer?.account_key}.jwt`]);
    await data.add("other");
    expect(new Set(data.peers().map(({ account_key }) => account_key)).size).toBe(2);
    expect(peer && isGoodPeer(peer, now)).toBe(true);
    expect(peer && isGoodPeer(peer, new Date(now.getTime() + 1_000))).toBe(false);
  });

  test("makes nobody who counts as an agent or the operator, whatever the peer is called", async () => {
    await using data = await dataDir();
    for (const name of ["ada", "operator"]) {
      const creds = await Bun.file(await data.add(name)).text();
      expect(await readUser(creds)).toEqual({ isOperator: false });
    }
  });

  test("lets a peer serve agents only if it is told to, and such a one prompts only those that are named", async () => {
    await using data = await dataDir();
    await data.add("box", { mayServe: true });
    await data.add("both", { mayServe: true, agents: [ada] });
    await data.add("ci");
    expect(data.peers().map(({ name, agents, may_serve }) => [name, agents?.map(String), may_serve])).toEqual(
      [
        ["both", ["ada"], true],
        ["box", [], true],
        ["ci", undefined, false],
      ],
    );
  });

  test("refuses a name that cannot be one, or is taken", async () => {
    await using data = await dataDir();
    await data.add("ci");
    await expect(data.add("CI")).rejects.toThrow('there is a peer "ci" already');
    await data.add("c_i");
    const serving = data.add("b_x", { mayServe: true });
    await expect(serving).rejects.toThrow('"b_x" cannot be the name of a peer that serves agents');
    await expect(data.add("../x")).rejects.toThrow('"../x" cannot be the name of a peer');
  });
});

describe("readPeers()", () => {
  test("gives a damaged file no right, and names it", async () => {
    await using data = await dataDir();
    const path = await data.add("ci");
    await data.add("other");
    await writeFile(path.replace(".creds", ".json"), "{");
    expect(data.peers().map(({ name }) => name)).toEqual(["other"]);
    expect(data.unusable).toEqual([expect.stringContaining("ci.json")]);
  });
});

describe("revokePeer()", () => {
  test("leaves nothing by which nats-server would let the peer in, also if the account was to be written again", async () => {
    await using data = await dataDir();
    const path = await data.add("ci");
    const peers = data.peers();
    expect(await revokePeer(data.path, data.keys, "ci", log)).toBe(false);
    await ensurePeerAccounts(data.path, data.keys, peers);
    expect(data.peers()).toEqual([]);
    expect(await data.accounts()).toEqual([]);
    expect(existsSync(path)).toBe(false);
    await expect(revokePeer(data.path, data.keys, "ci", log)).rejects.toThrow('there is no peer "ci"');
  });
});
