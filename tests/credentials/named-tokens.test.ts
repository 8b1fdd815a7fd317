import { expect, test } from "bun:test";
import { mkdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mintAgent } from "../../src/credentials/agent-keys.ts";
import { ensureKeys } from "../../src/credentials/keys.ts";
import {
  addNamedToken,
  findNamedToken,
  readNamedTokens,
  revokeNamedToken,
} from "../../src/credentials/named-tokens.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { tempDir } from "../support/temp-dir.ts";

const now = new Date("2026-01-01T00:00:00Z");
const later = new Date("2026-02-01T00:00:00Z");
const refuse = (problem: Error) => {
  throw problem;
};
const find = (dataDir: string, token: string, at: Date) =>
  findNamedToken(dataDir, token, { now: at, onUnusable: refuse });
const fileOf = (dataDir: string, name: string) => join(dataDir, "keys", "tokens", `${name}.json`);

test("a token counts from its making to its end, and only its hash is kept, in a file of one's own", async () => {
  await using dir = await tempDir();
  const { token, ...named } = await addNamedToken(dir.path, {
    name: "ci",
    scopes: ["read", "answer"],
    expiresAt: later,
    now,
  });
  expect(token).toMatch(/^cliai_[\w-]{43}$/);
  expect(named).toEqual({
    name: "ci",
    scopes: ["read", "answer"],
    created_at: now.toISOString(),
    expires_at: later.toISOString(),
  });
  expect(find(dir.path, token, now)).toEqual(named);
  expect(find(dir.path, token, later)).toBeUndefined();
  for (const other of [token.slice(0, -1), `${token}x`, token.replace("cliai_", ""), "", "cliai_"])
    expect(find(dir.path, other, now)).toBeUndefined();
  const file = fileOf(dir.path, "ci");
  expect(await readFile(file, "utf8")).not.toContain(token.slice("cliai_".length));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(file, ".."))).mode & 0o777).toBe(0o700);
});

test("a revoked token counts no more, and the others do", async () => {
  await using dir = await tempDir();
  const one = await addNamedToken(dir.path, { name: "one", scopes: ["read"], now });
  const two = await addNamedToken(dir.path, { name: "two", scopes: ["read"], now });
  await revokeNamedToken(dir.path, "one");
  expect(find(dir.path, one.token, now)).toBeUndefined();
  expect(find(dir.path, two.token, now)?.name).toBe("two");
  expect(readNamedTokens(dir.path, refuse).map(({ name }) => name)).toEqual(["two"]);
  await expect(revokeNamedToken(dir.path, "tow")).rejects.toMatchObject({
    code: "usage",
    hint: "did you mean two?",
  });
});

test("a name is taken once, whatever its case, and cannot be a path", async () => {
  await using dir = await tempDir();
  await addNamedToken(dir.path, { name: "ci", scopes: ["read"], now });
  const add = (name: string) => addNamedToken(dir.path, { name, scopes: ["read"], now });
  await expect(add("CI")).rejects.toThrow('there is a token "ci" already');
  for (const name of ["../ci", "a/b", ""])
    await expect(add(name)).rejects.toThrow("cannot be the name of a token");
});

test("a file under another name, a damaged one and a symbolic link give nobody a right", async () => {
  await using dir = await tempDir();
  const { token } = await addNamedToken(dir.path, { name: "ci", scopes: ["read"], now });
  await rename(fileOf(dir.path, "ci"), fileOf(dir.path, "other"));
  expect(() => find(dir.path, token, now)).toThrow('it is the file of "ci"');
  await rename(fileOf(dir.path, "other"), join(dir.path, "elsewhere.json"));
  await symlink(join(dir.path, "elsewhere.json"), fileOf(dir.path, "ci"));
  expect(find(dir.path, token, now)).toBeUndefined();
  await writeFile(fileOf(dir.path, "bad"), "{");
  expect(() => find(dir.path, token, now)).toThrow(`cannot use ${fileOf(dir.path, "bad")}`);
});

test("a damaged file is told, and the other tokens count", async () => {
  await using dir = await tempDir();
  const add = (name: string) => addNamedToken(dir.path, { name, scopes: ["read"], now });
  const { token } = await add("ci");
  await add("bad");
  const path = fileOf(dir.path, "bad");
  await writeFile(path, '{"name":"bad"');
  const told: string[] = [];
  const onUnusable = ({ message, hint }: { message: string; hint?: string | undefined }) =>
    told.push(`${message}\n${hint}`);
  expect(findNamedToken(dir.path, token, { now, onUnusable })?.name).toBe("ci");
  expect(told).toHaveLength(1);
  expect(told[0]).toStartWith(`cannot use ${path}: `);
  expect(told[0]).toEndWith("cliai token revoke bad; cliai token add bad --scope …");
  expect(readNamedTokens(dir.path, onUnusable).map(({ name }) => name)).toEqual(["ci"]);
  await expect(add("bad")).rejects.toThrow('there is a token "bad" already');
  await revokeNamedToken(dir.path, "bad");
  await add("bad");
  expect(readNamedTokens(dir.path, refuse)).toHaveLength(2);
});

test("a folder of tokens that is a symbolic link holds none", async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, "keys"));
  await mkdir(join(dir.path, "theirs"));
  await symlink(join(dir.path, "theirs"), join(dir.path, "keys", "tokens"));
  expect(readNamedTokens(dir.path, refuse)).toEqual([]);
  await expect(addNamedToken(dir.path, { name: "ci", scopes: ["read"], now })).rejects.toMatchObject({
    code: "data_dir_unwritable",
  });
});

test("the token of an agent counts as long as the agent's credentials, and no longer than these were to last", async () => {
  await using dir = await tempDir();
  const ada = parseAgentId("ada");
  const order = { name: "far", scopes: [], agent: ada, now };
  await expect(addNamedToken(dir.path, order)).rejects.toMatchObject({
    code: "agent_unknown",
    hint: "make some first: cliai agents add ada",
  });
  const keys = await ensureKeys(dir.path);
  await mintAgent(dir.path, keys, { id: ada, role: "agent", now });
  const { token, ...named } = await addNamedToken(dir.path, order);
  expect(named).toMatchObject({ agent: ada, scopes: [], expires_at: "2026-01-31T00:00:00.000Z" });
  expect(find(dir.path, token, now)).toEqual(named);
  expect(JSON.stringify(readNamedTokens(dir.path, refuse))).not.toContain("user_key");
  // New credentials revoke those with which the token was made.
  await mintAgent(dir.path, keys, { id: ada, role: "agent", now });
  expect(find(dir.path, token, now)).toBeUndefined();
});
