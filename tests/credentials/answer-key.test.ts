import { expect, test } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { ensureAnswerKey } from "../../src/credentials/answer-key.ts";
import { tempDir } from "../support/temp-dir.ts";

test("ensureAnswerKey() makes one key, for this user alone, and keeps it; a file that holds none is not replaced", async () => {
  await using dir = await tempDir();
  const made = await ensureAnswerKey(dir.path);
  expect(made).toMatch(/^[\w-]{43}$/);
  expect(await ensureAnswerKey(dir.path)).toBe(made);
  const path = dir.join("keys", "answer-links");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, "short");
  await expect(ensureAnswerKey(dir.path)).rejects.toThrow(`${path} holds no key for links that answer`);
});

test("ensureAnswerKey() says why it cannot read the file, and does not advise to remove it", async () => {
  await using dir = await tempDir();
  const path = dir.join("keys", "answer-links");
  mkdirSync(path, { recursive: true });
  const error: unknown = await ensureAnswerKey(dir.path).catch((each: unknown) => each);
  expect(error).toMatchObject({
    ...{ code: "config_invalid", message: expect.stringContaining(`cannot use ${path}: EISDIR`) },
    hint: expect.stringMatching(/^((?!remove).)*$/),
  });
});
