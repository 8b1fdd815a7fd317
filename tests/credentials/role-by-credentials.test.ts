import { describe, expect, test } from "bun:test";
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Grant, grantsDir, writeGrant } from "../../src/credentials/agent-grants.ts";
import { createMintedRoles } from "../../src/credentials/role-by-credentials.ts";
import { silentLogger } from "../../src/log.ts";
import { ada } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

const now = () => new Date("2026-05-03T12:00:00Z");

function grant(user_key: string, more: Partial<Grant> = {}): Grant {
  return {
    ...{ agent_id: ada, user_key, role: "captain" },
    ...{ issued_at: "2026-05-03T10:00:00Z", expires_at: "2026-06-03T10:00:00Z" },
    ...more,
  };
}

describe("createMintedRoles()", () => {
  test.each<[string, Grant[], string]>([
    ["nothing was given", [], "agent"],
    ["a captain's", [grant("U1")], "captain"],
    ["a plain agent's", [grant("U1", { role: "agent" })], "agent"],
    ["a captain's that was revoked", [grant("U1", { revoked_at: "2026-05-03T11:00:00Z" })], "agent"],
    ["a captain's that has expired", [grant("U1", { expires_at: "2026-05-03T11:59:59Z" })], "agent"],
    [
      "an agent's after a captain's: the last counts, whatever the order of the files",
      [grant("U1", { role: "agent", issued_at: "2026-05-03T11:00:00Z" }), grant("U2")],
      "agent",
    ],
    [
      "a captain's, and a later agent's that was revoked: the last that is still good counts",
      [
        grant("U1"),
        grant("U2", {
          role: "agent",
          issued_at: "2026-05-03T11:00:00Z",
          revoked_at: "2026-05-03T11:30:00Z",
        }),
      ],
      "captain",
    ],
  ])("%s", async (_, grants, role) => {
    await using dir = await tempDir();
    for (const each of grants) await writeGrant(dir.path, each);
    expect(createMintedRoles(dir.path, now, silentLogger)("ada")).toBe(role as "agent");
  });

  test("takes in at once what is given while it runs", async () => {
    await using dir = await tempDir();
    const roleOf = createMintedRoles(dir.path, now, silentLogger);
    expect(roleOf("ada")).toBe("agent");
    await writeGrant(dir.path, grant("U1"));
    expect(roleOf("ada")).toBe("captain");
    await writeGrant(dir.path, grant("U2", { role: "agent", issued_at: "2026-05-03T11:00:00Z" }));
    expect(roleOf("ada")).toBe("agent");
  });

  test("takes in also what is given within the clock tick of the last change", async () => {
    await using dir = await tempDir();
    const roleOf = createMintedRoles(dir.path, now, silentLogger);
    const giveAtThisTick = async (given: Grant) => {
      await writeGrant(dir.path, given);
      await utimes(grantsDir(dir.path, ada), now(), now());
    };
    await giveAtThisTick(grant("U1"));
    expect(roleOf("ada")).toBe("captain");
    await giveAtThisTick(grant("U1", { revoked_at: "2026-05-03T11:59:59Z" }));
    expect(roleOf("ada")).toBe("agent");
  });

  test("counts an agent as a plain one, and says why, while one of its files cannot be read", async () => {
    await using dir = await tempDir();
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (text: string) => warnings.push(text) };
    await writeGrant(dir.path, grant("U1"));
    await writeFile(join(grantsDir(dir.path, ada), "U2.json"), "{");
    expect(createMintedRoles(dir.path, now, log)("ada")).toBe("agent");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toStartWith("ada counts as a plain agent: cannot use ");
  });

  test("a name that is no agent id, such as a path, is a plain agent", async () => {
    await using dir = await tempDir();
    await writeGrant(dir.path, grant("U1"));
    const roleOf = createMintedRoles(dir.path, now, silentLogger);
    for (const name of ["", "..", "../agents/ada", "ada/", "*"]) expect(roleOf(name)).toBe("agent");
  });
});
