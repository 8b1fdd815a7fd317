import { describe, expect, test } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import {
  type Grant,
  grantsDir,
  isGood,
  readAgentAccounts,
  readFleetRevocations,
  readGrantedKeys,
  readGrants,
  readMintedAgents,
  removeExpiredGrants,
  writeGrant,
} from "../../src/credentials/agent-grants.ts";
import { ada, bob } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

const now = new Date("2026-05-03T12:00:00.000Z");
const seconds = (time: string) => Date.parse(time) / 1_000;

function grantOf(user_key: string, more: Partial<Grant> = {}): Grant {
  return {
    ...{ agent_id: ada, user_key, account_key: "A1", role: "agent" },
    ...{ issued_at: "2026-05-03T10:00:00Z", expires_at: "2026-06-02T10:00:00Z" },
    ...more,
  };
}

async function withGrants(...grants: readonly Grant[]) {
  const dir = await tempDir();
  for (const grant of grants) await writeGrant(dir.path, grant);
  return dir;
}

describe("readAgentAccounts()", () => {
  test("has each account of the agent, with those of its users that are revoked, and no others", async () => {
    const revoked_at = "2026-05-03T11:00:00.700Z";
    await using dir = await withGrants(
      grantOf("U1", { revoked_at }),
      grantOf("U2"),
      grantOf("U3", { account_key: "A2", revoked_at }),
      { ...grantOf("U4", { revoked_at }), agent_id: bob },
    );
    const accounts = readAgentAccounts(dir.path, ada).toSorted((a, b) => (a.key < b.key ? -1 : 1));
    expect(accounts.map(({ id, key, revocations }) => [id, key, Object.keys(revocations)])).toEqual([
      [ada, "A1", ["U1"]],
      [ada, "A2", ["U3"]],
    ]);
  });

  test("a user is revoked up to the end of its credentials: its time of revocation may be of a clock that was set back", async () => {
    await using dir = await withGrants(grantOf("U1", { revoked_at: "2026-05-03T09:00:00Z" }));
    const [account] = readAgentAccounts(dir.path, ada);
    expect(account?.revocations.U1).toBeGreaterThanOrEqual(seconds("2026-06-02T10:00:00Z"));
  });

  test("a user whose credentials have expired is revoked up to the second after its revocation", async () => {
    const revoked_at = "2026-06-02T10:00:30.200Z";
    await using dir = await withGrants(grantOf("U1", { revoked_at }));
    const [account] = readAgentAccounts(dir.path, ada);
    expect(account?.revocations.U1).toBe(seconds("2026-06-02T10:00:31Z"));
  });
});

describe("readFleetRevocations()", () => {
  test("has the revoked users of the fleet's own account, of all agents, and no user of an agent's account", async () => {
    const { account_key: _, ...old } = grantOf("U1", { revoked_at: "2026-05-03T11:00:00Z" });
    await using dir = await withGrants(
      old,
      { ...old, agent_id: bob, user_key: "U2" },
      { ...old, agent_id: bob, user_key: "U3", account_key: "A1" },
    );
    expect(Object.keys(readFleetRevocations(dir.path)).toSorted()).toEqual(["U1", "U2"]);
  });
});

describe("readGrants()", () => {
  test("has the oldest first, whatever the names of the files and the form of the times", async () => {
    await using dir = await withGrants(
      grantOf("U1", { issued_at: "2026-05-03T10:00:00.500Z" }),
      grantOf("U2", { issued_at: "2026-05-03T10:00:00Z" }),
      grantOf("U3", { issued_at: "2026-05-03T11:30:00+02:00" }),
    );
    expect(readGrants(dir.path, ada).map(({ user_key }) => user_key)).toEqual(["U3", "U2", "U1"]);
    expect(readGrantedKeys(dir.path, ada).toSorted()).toEqual(["U1", "U2", "U3"]);
    expect(readGrants(dir.path, bob)).toEqual([]);
  });

  test("a damaged file is an error that names it, because without it revoked credentials would be valid", async () => {
    await using dir = await withGrants(grantOf("U1"));
    const path = `${grantsDir(dir.path, ada)}/U2.json`;
    for (const text of ["", "{", JSON.stringify({ ...grantOf("U2"), role: "operator" })]) {
      await writeFile(path, text);
      expect(() => readGrants(dir.path, ada)).toThrow(path);
    }
  });
});

describe("readMintedAgents()", () => {
  test("names the agents with a folder, also with an empty one, and nothing that is no id", async () => {
    await using dir = await withGrants({ ...grantOf("U1"), agent_id: bob });
    await mkdir(grantsDir(dir.path, ada));
    await mkdir(`${grantsDir(dir.path, ada)}/../.hidden`);
    expect(readMintedAgents(dir.path)).toEqual([ada, bob]);
  });
});

describe("removeExpiredGrants()", () => {
  test("removes those alone whose credentials have expired, revoked or not", async () => {
    await using dir = await withGrants(
      grantOf("U1", { expires_at: now.toISOString() }),
      grantOf("U2", { expires_at: "2026-05-03T12:00:01Z", revoked_at: "2026-05-03T11:00:00Z" }),
      grantOf("U3", { expires_at: "2026-05-03T11:00:00Z", revoked_at: "2026-05-03T10:30:00Z" }),
    );
    await removeExpiredGrants(dir.path, ada, now);
    expect(await readdir(grantsDir(dir.path, ada))).toEqual(["U2.json"]);
  });
});

describe("isGood()", () => {
  test.each<[string, Partial<Grant>, boolean]>([
    ["a grant", {}, true],
    ["one that was revoked", { revoked_at: "2026-05-03T11:00:00Z" }, false],
    ["one that is revoked by a clock that is ahead", { revoked_at: "2026-05-03T13:00:00Z" }, false],
    ["one that expires now", { expires_at: now.toISOString() }, false],
    ["one that expires in another time zone's notation", { expires_at: "2026-05-03T13:30:00+02:00" }, false],
  ])("%s", (_what, more, expected) => {
    expect(isGood(grantOf("U1", more), now)).toBe(expected);
  });
});
