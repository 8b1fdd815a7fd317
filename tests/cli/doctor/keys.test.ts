// What `cliai doctor` finds in the keys of a data directory.
import { expect, test } from "bun:test";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkKeys } from "../../../src/cli/doctor/keys.ts";
import { ensureKeys } from "../../../src/credentials/keys.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("checkKeys() finds a store whose keys are lost, also when a server has made new ones", async () => {
  await using dir = await tempDir();
  expect(await checkKeys(dir.path)).toEqual([]);
  const lost = (await ensureKeys(dir.path)).account.getPublicKey();
  const store = async (account: string, bytes: number) => {
    const msgs = dir.join("nats", "jetstream", account, "streams", "AUDIT", "msgs");
    await mkdir(msgs, { recursive: true });
    await writeFile(join(msgs, "1.blk"), "x".repeat(bytes));
  };
  await store(lost, 5_000);
  await mkdir(dir.join("nats", "jetstream", "$G"));
  expect(await checkKeys(dir.path)).toMatchObject([{ check: "keys", ok: true }]);
  await rm(dir.join("keys"), { recursive: true });
  const finding = { check: "keys", ok: false, remedy: "put the keys back from a backup" };
  expect(await checkKeys(dir.path)).toMatchObject([finding]);
  const other = (await ensureKeys(dir.path)).account.getPublicKey();
  await store(other, 300);
  expect(await checkKeys(dir.path)).toMatchObject([{ ...finding, message: expect.stringContaining(lost) }]);
  // What stays behind of the other keys when the lost ones are back, or of old keys in a fleet that was begun anew.
  await store(lost, 200);
  expect(await checkKeys(dir.path)).toMatchObject([{ check: "keys", ok: true }]);
});

test("checkKeys() names a damaged key", async () => {
  await using dir = await tempDir();
  await ensureKeys(dir.path);
  await writeFile(dir.join("keys", "account.nk"), "half\n");
  expect(await checkKeys(dir.path)).toMatchObject([
    { check: "keys", ok: false, message: expect.stringContaining("account.nk") },
  ]);
});
