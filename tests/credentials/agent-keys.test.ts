import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { ensureAgentAccounts } from "../../src/credentials/agent-accounts.ts";
import { grantsDir, readGrants, writeGrant } from "../../src/credentials/agent-grants.ts";
import {
  credentialsLastMs,
  endAgentKeys,
  issueAgent,
  mintAgent,
  moveOutOfFleetAccount,
  renewAgent,
  revokeAgent,
  signAgent,
} from "../../src/credentials/agent-keys.ts";
import { ensureKeys } from "../../src/credentials/keys.ts";
import { agentCredsPath } from "../../src/data-dir/agent-folders.ts";
import { natsDirOf } from "../../src/data-dir/data-dir.ts";
import { createLogger, silentLogger as log } from "../../src/log.ts";
import { buildClaims } from "../../src/nats/accounts/credentials.ts";
import { createUserKey } from "../../src/nats/accounts/node-credentials.ts";
import { startNatsServer } from "../../src/nats/child/server-process.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { ada, bob } from "../support/agents.ts";
import { failureOf } from "../support/error-of.ts";
import { testServerBinary } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";

const hourMs = 60 * 60 * 1_000;
const began = new Date("2026-05-03T12:00:00.000Z");
const after = (hours: number) => new Date(began.getTime() + hours * hourMs);

async function dataDir() {
  const dir = await tempDir();
  const keys = await ensureKeys(dir.path);
  return {
    ...{ path: dir.path, keys },
    mint: (hours: number, role: "agent" | "captain" = "agent") =>
      mintAgent(dir.path, keys, { id: ada, role, now: after(hours) }),
    grants: (id = ada) => readGrants(dir.path, id),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describe("mintAgent()", () => {
  test("writes credentials for this user alone, with a grant of their key, role and times", async () => {
    await using dir = await dataDir();
    const path = await dir.mint(0, "captain");
    expect(path).toBe(agentCredsPath(dir.path, ada));
    expect(await readFile(path, "utf8")).toContain("BEGIN USER NKEY SEED");
    if (process.platform !== "win32") expect(statSync(path).mode & 0o077).toBe(0);
    expect(dir.grants()).toEqual([
      {
        ...{ agent_id: ada, role: "captain", user_key: expect.stringMatching(/^U/) },
        account_key: expect.stringMatching(/^A/),
        issued_at: began.toISOString(),
        expires_at: new Date(began.getTime() + credentialsLastMs).toISOString(),
      },
    ]);
  });

  test("revokes the credentials before, in the same account, and forgets those that have expired", async () => {
    await using dir = await dataDir();
    await dir.mint(0, "captain");
    await dir.mint(1);
    const [first, second] = dir.grants();
    expect([first?.revoked_at, second?.revoked_at]).toEqual([after(1).toISOString(), undefined]);
    expect(second?.account_key).toBe(first?.account_key ?? "");
    expect(second?.user_key).not.toBe(first?.user_key ?? "");
    const afterAll = credentialsLastMs / hourMs + 2;
    await dir.mint(afterAll);
    expect(dir.grants().map(({ issued_at }) => issued_at)).toEqual([after(afterAll).toISOString()]);
  });
});

describe("issueAgent()", () => {
  test("writes the grant, and no credentials: they are for another machine", async () => {
    await using dir = await dataDir();
    const { creds, userKey } = await issueAgent(dir.path, dir.keys, { id: ada, role: "agent", now: began });
    expect(creds).toContain("BEGIN NATS USER JWT");
    expect(dir.grants().map(({ user_key }) => user_key)).toEqual([userKey]);
    expect(existsSync(agentCredsPath(dir.path, ada))).toBe(false);
  });
});

describe("revokeAgent()", () => {
  test("revokes all, counts those that were valid, and removes the credentials", async () => {
    await using dir = await dataDir();
    const path = await dir.mint(0);
    expect(await revokeAgent(dir.path, ada, after(1))).toBe(1);
    expect(dir.grants()[0]?.revoked_at).toBe(after(1).toISOString());
    expect(existsSync(path)).toBe(false);
    expect(await revokeAgent(dir.path, ada, after(2))).toBe(0);
    expect(dir.grants()[0]?.revoked_at).toBe(after(1).toISOString());
  });

  test("revokes what has expired as well, so that its key is never signed again", async () => {
    await using dir = await dataDir();
    const userKey = createUserKey().publicKey;
    const order = { id: ada, role: "agent", now: began, userKey, expiresAt: after(1) } as const;
    await signAgent(dir.path, dir.keys, order);
    expect(await revokeAgent(dir.path, ada, after(2))).toBe(0);
    expect(dir.grants()[0]?.revoked_at).toBe(after(2).toISOString());
    const renewal = renewAgent(dir.path, dir.keys, { id: ada, userKey, expiresAt: after(9) });
    expect(await failureOf(renewal)).toMatchObject({
      ...{ code: "refused", message: 'the credentials of "ada" have ended, and are not renewed' },
    });
  });

  test("of a run that has ended, leaves what a later one was given, and its file", async () => {
    await using dir = await dataDir();
    const path = await dir.mint(2);
    expect(await revokeAgent(dir.path, ada, after(3), after(1))).toBe(0);
    expect([dir.grants()[0]?.revoked_at, existsSync(path)]).toEqual([undefined, true]);
  });

  test("revokes what was given before the clock was set back, and nats-server refuses it", async () => {
    await using dir = await dataDir();
    const path = await mintAgent(dir.path, dir.keys, { id: ada, role: "agent", now: new Date() });
    const creds = await readFile(path, "utf8");
    const setBack = new Date(Date.now() - hourMs);
    expect(await revokeAgent(dir.path, ada, setBack)).toBe(1);
    expect(existsSync(path)).toBe(false);
    // The other's account shows that nats-server takes what is not revoked.
    const other = await mintAgent(dir.path, dir.keys, { id: bob, role: "agent", now: new Date() });
    await ensureAgentAccounts(dir.path, dir.keys, [ada, bob]);
    const nats = await startNatsServer({
      ...{ binary: await testServerBinary(), dir: natsDirOf(dir.path), port: 0, log },
      claims: () => buildClaims(dir.keys, {}),
    });
    await using parts = new AsyncDisposableStack();
    parts.defer(() => nats.stop());
    const connect = (text: string) => connectBus({ url: nats.url, name: "a bridge", creds: text, log });
    const taken = await connect(await readFile(other, "utf8"));
    await taken.close();
    await expect(connect(creds)).rejects.toMatchObject({ code: "refused" });
  });
});

describe("endAgentKeys()", () => {
  test("says what to do if it cannot revoke, and does not throw", async () => {
    await using dir = await dataDir();
    await dir.mint(0);
    await writeFile(`${grantsDir(dir.path, ada)}/U.json`, "{");
    const logged: string[] = [];
    const logger = createLogger(
      "debug",
      (line) => logged.push(line),
      () => began,
    );
    await endAgentKeys(dir.path, ada, { issuedUntil: began, now: after(1), log: logger });
    expect(logged.join("\n")).toContain("cliai agents revoke ada");
  });
});

describe("moveOutOfFleetAccount()", () => {
  test("gives an agent of the fleet's account one of its own, with the role and the times it had; others stay", async () => {
    await using dir = await dataDir();
    await dir.mint(0);
    const untouched = dir.grants();
    const old = {
      ...{ agent_id: bob, user_key: "UOLD", role: "captain" as const },
      ...{ issued_at: after(-5).toISOString(), expires_at: after(7).toISOString() },
    };
    await writeGrant(dir.path, old);
    await moveOutOfFleetAccount(dir.path, dir.keys, began, log);
    const { user_key: _, ...times } = old;
    const grants = dir.grants(bob);
    expect(grants.find(({ user_key }) => user_key === "UOLD")?.revoked_at).toBe(began.toISOString());
    expect(grants.filter(({ user_key }) => user_key !== "UOLD")).toEqual([
      { ...times, user_key: expect.stringMatching(/^U/), account_key: expect.stringMatching(/^A/) },
    ]);
    expect(existsSync(agentCredsPath(dir.path, bob))).toBe(true);
    expect(dir.grants()).toEqual(untouched);
    // At the next start there is nothing left to do.
    const before = dir.grants(bob);
    await moveOutOfFleetAccount(dir.path, dir.keys, after(1), log);
    expect(dir.grants(bob)).toEqual(before);
  });
});
