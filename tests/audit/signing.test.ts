import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import {
  createSigningKey,
  digestRecord,
  isIntact,
  isSignedBy,
  openSigningKey,
  readPublicKey,
  signCheckpoint,
} from "../../src/audit/signing.ts";
import type { Checkpoint } from "../../src/domain/audit/audit.ts";
import { modeOf } from "../support/files.ts";
import { tempDir } from "../support/temp-dir.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("digestRecord()", () => {
  test("is SHA-256 of the subject, a zero byte and the payload, as any other program can make it", () => {
    // printf 'agent.ada.status\0{}' | sha256sum, as base64url
    const hash = new Bun.CryptoHasher("sha256").update("agent.ada.status\0{}").digest("base64url");
    expect(digestRecord("agent.ada.status", bytes("{}"))).toBe(hash);
  });

  test("no part of a subject can be moved into the payload", () => {
    expect(digestRecord("agent.ada", bytes(".status{}"))).not.toBe(
      digestRecord("agent.ada.status", bytes("{}")),
    );
    expect(digestRecord("a", bytes(""))).not.toBe(digestRecord("", bytes("a")));
  });
});

describe("isSignedBy()", () => {
  const key = createSigningKey();

  test("is true of the key's own signature, and of nothing else", () => {
    const signature = key.sign("text");
    expect(isSignedBy(key.publicKey, "text", signature)).toBe(true);
    expect(isSignedBy(key.publicKey, "text ", signature)).toBe(false);
    expect(isSignedBy(createSigningKey().publicKey, "text", signature)).toBe(false);
    expect(isSignedBy(key.publicKey, "text", "")).toBe(false);
  });

  test.each(["", "no key", "A".repeat(43), "A".repeat(1_000)])(
    "of a key that is none it is false: %j",
    (publicKey) => {
      expect(isSignedBy(publicKey, "text", key.sign("text"))).toBe(false);
    },
  );
});

describe("isIntact()", () => {
  const key = createSigningKey();
  const facts = {
    ...{ version: 1, from_seq: 1, to_seq: 2, previous: null, records: [] },
    ...{ at: "2026-05-03T12:00:00.000Z", retention: { max_age_s: 1, max_bytes: 1 } },
  } as unknown as Parameters<typeof signCheckpoint>[0];
  const signed = signCheckpoint(facts, key);

  test("is true of a checkpoint as it was signed", () => {
    expect(signed.public_key).toBe(key.publicKey);
    expect(isIntact(signed)).toBe(true);
  });

  test.each([
    ["another end", { to_seq: 3 }],
    ["another key", { public_key: createSigningKey().publicKey }],
    ["another hash", { hash: digestRecord("a", bytes("b")) }],
    ["another's signature", { signature: createSigningKey().sign(signed.hash) }],
  ])("is false with %s", (_, change) => {
    expect(isIntact({ ...signed, ...change } as Checkpoint)).toBe(false);
  });
});

describe("openSigningKey()", () => {
  test("makes the key once, for this user alone, and finds it again", async () => {
    await using dir = await tempDir();
    expect(await readPublicKey(dir.join("keys"))).toBeUndefined();
    const key = await openSigningKey(dir.join("keys"));
    expect((await openSigningKey(dir.join("keys"))).publicKey).toBe(key.publicKey);
    expect(await readPublicKey(dir.join("keys"))).toBe(key.publicKey);
    expect(await readdir(dir.join("keys"))).toEqual(["audit.pem"]);
    if (process.platform === "win32") return;
    expect([await modeOf(dir.join("keys")), await modeOf(dir.join("keys/audit.pem"))]).toEqual([
      "700",
      "600",
    ]);
  });

  test("several that begin at once have one key", async () => {
    await using dir = await tempDir();
    const keys = await Promise.all(Array.from({ length: 8 }, () => openSigningKey(dir.join("keys"))));
    expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1);
  });

  test("a file that is no such key is an error that names it, and stays as it is", async () => {
    await using dir = await tempDir();
    const path = dir.join("audit.pem");
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const text of ["", "no key", other.export({ format: "pem", type: "pkcs8" }).toString()]) {
      await writeFile(path, text);
      await expect(openSigningKey(dir.path)).rejects.toThrow(`${path} is not an Ed25519 key`);
      expect(await readFile(path, "utf8")).toBe(text);
    }
  });
});
