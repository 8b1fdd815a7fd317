// What a captain's launch is refused for, before anything is started. What it starts: tests/e2e/spawn-agent.test.ts.
import { describe, expect, test } from "bun:test";
import { createAgentLauncher } from "../../../src/cli/serve/captain-launcher.ts";
import { profileReader } from "../../../src/cli/spawn/profile.ts";
import { parseConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/log.ts";
import { ada } from "../../support/agents.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const config = parseConfig('{"agents":{"coder":{}}}', "profiles.json");

interface Wanted {
  readonly callId?: string;
  readonly profile?: string;
  readonly task?: string;
  readonly project?: string;
}

function launcherIn(dir: TempDir, now = () => new Date()) {
  const context = { env: { PATH: "/nonexistent" }, cwd: dir.path, now, log: silentLogger };
  const { launch, stop } = createAgentLauncher({
    dataDir: dir.join("data"),
    profiles: profileReader({ config, path: undefined }, dir.join("data")),
    configPath: undefined,
    context,
    hosts: { look: async () => undefined },
  });
  let asked = 0;
  const isKnown = () => {
    asked += 1;
    return false;
  };
  return {
    stop,
    /** How many ids were looked at: none before all else is in order. */
    idsAsked: () => asked,
    launch: ({ callId = crypto.randomUUID(), profile = "coder", task = "dig", ...more }: Wanted) =>
      launch({
        callId,
        captain: ada,
        profile,
        task,
        ...more,
        isKnown,
        isOnline: () => false,
        hasBegun: () => false,
      }),
  };
}

describe("createAgentLauncher()", () => {
  test.each<[Wanted, string, string]>([
    [{ profile: "codr" }, "message_invalid", 'no profile "codr"'],
    [{ task: "x".repeat(120_001) }, "message_invalid", "the task has 120001 bytes"],
    [{ task: "a\0b" }, "message_invalid", "the task contains a NUL character"],
  ])("refuses %j as %s, and starts nothing", async (wanted, code, message) => {
    await using dir = await tempDir();
    const launcher = launcherIn(dir);
    await expect(launcher.launch(wanted)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
    expect(launcher.idsAsked()).toBe(0);
  });

  test("starts nothing more once it is stopped", async () => {
    await using dir = await tempDir();
    const launcher = launcherIn(dir);
    const asked = launcher.launch({});
    await launcher.stop();
    await expect(asked).rejects.toMatchObject({ code: "interrupted" });
    expect(launcher.idsAsked()).toBe(0);
  });

  test("gives the calls of one id one launch, and lets one that failed be tried again", async () => {
    await using dir = await tempDir();
    const launcher = launcherIn(dir);
    const first = launcher.launch({ callId: "c1", project: "nowhere" });
    expect(launcher.launch({ callId: "c1", project: "nowhere" })).toBe(first);
    const other = launcher.launch({ callId: "c2", project: "nowhere" });
    expect(other).not.toBe(first);
    await expect(first).rejects.toMatchObject({ code: "message_invalid" });
    await expect(other).rejects.toMatchObject({ code: "message_invalid" });
    const again = launcher.launch({ callId: "c1", project: "nowhere" });
    expect(again).not.toBe(first);
    await expect(again).rejects.toMatchObject({ code: "message_invalid" });
  });
});
