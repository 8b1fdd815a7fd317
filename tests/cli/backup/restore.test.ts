// `cliai restore` of directories without streams: what it tells.
import { expect, test } from "bun:test";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { saveBackup } from "../../../src/backup/save.ts";
import { beginUnfinished } from "../../../src/backup/unfinished.ts";
import { removeLeftoversOf } from "../../../src/cli/backup/leftovers.ts";
import { restoreCommand } from "../../../src/cli/backup/restore.ts";
import { mintAgent, revokeAgent } from "../../../src/credentials/agent-keys.ts";
import { ensureKeys } from "../../../src/credentials/keys.ts";
import { addNamedToken, revokeNamedToken } from "../../../src/credentials/named-tokens.ts";
import { layoutVersion } from "../../../src/domain/layout.ts";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../../src/log.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

const now = new Date();
const hourMs = 3_600_000;

test("cliai restore says that what was revoked after the backup is valid again, and names what is let in", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await mkdir(dataDir, { mode: 0o700 });
  const keys = await ensureKeys(dataDir);
  const token = { scopes: ["read" as const], now };
  await addNamedToken(dataDir, { ...token, name: "old", expiresAt: new Date(now.getTime() - hourMs) });
  await addNamedToken(dataDir, { ...token, name: "lost" });
  for (const id of ["ada", "bob"] as AgentId[]) await mintAgent(dataDir, keys, { id, role: "agent", now });
  await revokeAgent(dataDir, "bob" as AgentId, now);
  const path = dir.join("backup.tar");
  await saveBackup({
    ...{ path, dataDir, bus: undefined, now, signal: new AbortController().signal },
    facts: { cliai: "9.9.9", layout: layoutVersion, insecure: false },
    onStream: () => undefined,
  });
  await revokeNamedToken(dataDir, "lost");

  const context = testContext();
  expect(await restoreCommand.run([path, "--data-dir", dir.join("new")], context)).toBe(0);
  expect(context.noted).toEqual([
    `if one of these was revoked or replaced after ${now.toISOString()}, it is valid again: the HTTP token; the tokens lost; the agents ada; revoke it again: cliai token rotate, cliai token revoke NAME, cliai agents revoke NAME`,
  ]);
  const json = testContext({ json: true });
  await restoreCommand.run([path, "--data-dir", dir.join("more"), "--json"], json);
  expect(JSON.parse(json.printed[0] ?? "")).toMatchObject({
    let_in: { tokens: ["lost"], agents: ["ada"], peers: [], nodes: [] },
  });
});

test("cliai restore, and serve, remove what a killed restore has left beside what the directory leads to", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await mkdir(dir.join("disk", "real"), { recursive: true });
  await symlink(dir.join("disk", "real"), dataDir);
  const leave = async () => {
    const { path, end } = await beginUnfinished(dir.join("disk", "real"), "restoring");
    await end();
    await mkdir(path);
  };
  await leave();
  const path = dir.join("none.tar");
  const restoring = restoreCommand.run([path, "--data-dir", dataDir], testContext());
  await expect(restoring).rejects.toMatchObject({ code: "config_invalid" });
  expect(await readdir(dir.join("disk"))).toEqual(["real"]);
  await leave();
  await removeLeftoversOf(dataDir, silentLogger);
  expect(await readdir(dir.join("disk"))).toEqual(["real"]);
});
