import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { writeGrant } from "../../src/credentials/agent-grants.ts";
import { createKeyOwners } from "../../src/credentials/key-owners.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { tempDir } from "../support/temp-dir.ts";

async function give(dataDir: string, id: string, user_key: string): Promise<void> {
  const times = { issued_at: "2026-05-03T10:00:00Z", expires_at: "2026-06-03T10:00:00Z" };
  await writeGrant(dataDir, { agent_id: parseAgentId(id), user_key, role: "agent", ...times });
}

describe("createKeyOwners()", () => {
  test("names the agent that a key was given to, of several keys and agents", async () => {
    await using dir = await tempDir();
    await give(dir.path, "ada", "U1");
    await give(dir.path, "ada", "U2");
    await give(dir.path, "bob", "U3");
    const ownerOf = createKeyOwners(dir.path);
    const owners = await Promise.all(["U1", "U2", "U3", "U4"].map(ownerOf));
    expect(owners.map((owner) => owner?.toString())).toEqual(["ada", "ada", "bob", undefined]);
  });

  test("a key that is given out between two readings is waited for, by all who ask, and read once a second at most", async () => {
    await using dir = await tempDir();
    const ownerOf = createKeyOwners(dir.path);
    const beganMs = performance.now();
    expect(await ownerOf("U1")).toBeUndefined();
    await give(dir.path, "ada", "U1");
    const owners = await Promise.all(Array.from({ length: 1_000 }, () => ownerOf("U1")));
    expect(new Set(owners.map(String))).toEqual(new Set(["ada"]));
    // A reading for each would take 1,000 s, in which the test ends.
    expect(performance.now() - beganMs).toBeGreaterThan(900);
  });

  test("a key that it knows is told without reading again", async () => {
    await using dir = await tempDir();
    await give(dir.path, "ada", "U1");
    const ownerOf = createKeyOwners(dir.path);
    await ownerOf("U1");
    await rm(dir.join("keys"), { recursive: true });
    expect(String(await ownerOf("U1"))).toBe("ada");
  });
});
