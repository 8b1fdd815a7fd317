import { describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { openHeadFile, readHeadNote } from "../../src/audit/head-file.ts";
import { createSigningKey } from "../../src/audit/signing.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("readHeadNote()", () => {
  test("takes a note that another key signed, or that was altered, for none", async () => {
    await using dir = await tempDir();
    const key = createSigningKey();
    const head = {
      ...{ to_seq: 7, at_ms: 1_000, hash: "h" },
      retention: { first_seq: 1, bytes: 10, max_age_s: 60, max_bytes: 1_000 },
    };
    await openHeadFile(dir.path, key).write({ head, losses: [] });
    expect(await readHeadNote(dir.path, [key.publicKey])).toMatchObject({ head, losses: [] });
    expect(await readHeadNote(dir.path, [createSigningKey().publicKey])).toBeUndefined();
    const path = dir.join("audit-head.json");
    await writeFile(path, (await readFile(path, "utf8")).replace("to_seq", "to_sep"));
    expect(await readHeadNote(dir.path, [key.publicKey])).toBeUndefined();
    await writeFile(path, "{");
    expect(await readHeadNote(dir.path, [key.publicKey])).toBeUndefined();
  });
});
