import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { ensurePushKeys } from "../../src/credentials/push-keys.ts";
import { tempDir } from "../support/temp-dir.ts";

test("ensurePushKeys() makes them once, for their owner alone, and overwrites nothing that it cannot read", async () => {
  await using dir = await tempDir();
  const keys = await ensurePushKeys(dir.path);
  expect(await ensurePushKeys(dir.path)).toEqual(keys);
  const path = dir.join("keys", "push.json");
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, "{}");
  await expect(ensurePushKeys(dir.path)).rejects.toMatchObject({
    ...{ code: "config_invalid", message: `${path} holds no keys for push messages` },
  });
  expect(readFileSync(path, "utf8")).toBe("{}");
});

test("ensurePushKeys() says why it cannot read the file, and does not advise to remove it", async () => {
  await using dir = await tempDir();
  const path = dir.join("keys", "push.json");
  mkdirSync(path, { recursive: true });
  const error: unknown = await ensurePushKeys(dir.path).catch((each: unknown) => each);
  expect(error).toMatchObject({
    ...{ code: "config_invalid", message: expect.stringContaining(`cannot use ${path}: EISDIR`) },
    hint: expect.stringMatching(/^((?!remove).)*$/),
  });
});
