// What a captain's launch is refused for, before anything is started. What it starts: tests/e2e/spawn-agent.test.ts.
import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { createAgentLauncher, freeAgentId } from "../../../src/cli/serve/captain-launcher.ts";
import { parseConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/log.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const config = parseConfig('{"agents":{"coder":{},"odd":{"cli":"no-such-cli"}}}', "profiles.json");

interface Wanted {
  readonly callId?: string;
  readonly profile?: string;
  readonly task?: string;
  readonly project?: string;
}

function launcherIn(dir: TempDir, now = () => new Date()) {
  const context = { env: { PATH: "/nonexistent" }, cwd: dir.path, now, log: silentLogger };
  const { launch } = createAgentLauncher({
    dataDir: dir.join("data"),
    config,
    configPath: undefined,
    context,
  });
  let asked = 0;
  const isKnown = () => {
    asked += 1;
    return false;
  };
  return {
    /** How many ids were looked at: none before all else is in order. */
    idsAsked: () => asked,
    launch: ({ callId = crypto.randomUUID(), profile = "coder", task = "dig", ...more }: Wanted) =>
      launch({ callId, profile, task, ...more, isKnown, isOnline: () => false }),
  };
}

describe("createAgentLauncher()", () => {
  test.each<[Wanted, string, string]>([
    [{ profile: "codr" }, "config_invalid", 'no profile "codr"'],
    [{ profile: "__proto__" }, "config_invalid", 'no profile "__proto__"'],
    [{ profile: "odd" }, "config_invalid", '"no-such-cli"'],
    [{ task: "x".repeat(120_001) }, "usage", "the task has 120001 bytes"],
    [{ task: "a\0b" }, "usage", "the task holds a NUL character"],
    [{ project: "nowhere" }, "usage", 'nowhere" is not a directory'],
    [{ project: "file" }, "usage", 'file" is not a directory'],
  ])("refuses %j as %s, and starts nothing", async (wanted, code, message) => {
    await using dir = await tempDir();
    await writeFile(dir.join("file"), "");
    const launcher = launcherIn(dir);
    await expect(launcher.launch(wanted)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
    expect(launcher.idsAsked()).toBe(0);
  });

  test("gives the calls of one id one launch, and lets one that failed be tried again", async () => {
    await using dir = await tempDir();
    const launcher = launcherIn(dir);
    const first = launcher.launch({ callId: "c1", project: "nowhere" });
    expect(launcher.launch({ callId: "c1", project: "nowhere" })).toBe(first);
    const other = launcher.launch({ callId: "c2", project: "nowhere" });
    expect(other).not.toBe(first);
    await expect(first).rejects.toMatchObject({ code: "usage" });
    await expect(other).rejects.toMatchObject({ code: "usage" });
    const again = launcher.launch({ callId: "c1", project: "nowhere" });
    expect(again).not.toBe(first);
    await expect(again).rejects.toMatchObject({ code: "usage" });
  });
});

describe("freeAgentId()", () => {
  test("makes an id of the profile's name that no agent has", () => {
    const refused: string[] = [];
    const id = freeAgentId("coder", (each) => {
      refused.push(each);
      return refused.length < 4;
    });
    expect(String(id)).toMatch(/^Coder-\d{4}$/);
    expect(refused).toHaveLength(4);
    expect(refused.at(-1)).toBe(String(id));
  });
});
