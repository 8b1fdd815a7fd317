import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import {
  checkLaunch,
  freeAgentId,
  type LaunchRequest,
} from "../../../../src/cli/serve/launch/launch-request.ts";
import { profileReader } from "../../../../src/cli/spawn/profile.ts";
import { parseConfig } from "../../../../src/config/config.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const config = parseConfig('{"agents":{"coder":{},"odd":{"cli":"no-such-cli"}}}', "profiles.json");

const profiles = profileReader({ config, path: undefined }, "/nonexistent");

describe("checkLaunch()", () => {
  test("gives the CLI of the profile, and the server's own directory where none is named", async () => {
    await using dir = await tempDir();
    const checked = await checkLaunch({ profile: "coder" }, { profiles, cwd: dir.path });
    expect(checked).toMatchObject({ cli: { name: "claude" }, project: dir.path });
    const named = await checkLaunch({ profile: "coder", project: dir.path }, { profiles, cwd: "/" });
    expect(named.project).toBe(dir.path);
  });

  test("takes the profile's own directory where none is named, as its file says now", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("work"));
    const own = profileReader({ config, path: undefined }, dir.path);
    await writeFile(dir.join("profiles.json"), JSON.stringify({ coder: { project: "work" } }));
    const checked = await checkLaunch({ profile: "coder" }, { profiles: own, cwd: "/" });
    expect(checked.project).toBe(dir.join("work"));
    const named = await checkLaunch({ profile: "coder", project: dir.path }, { profiles: own, cwd: "/" });
    expect(named.project).toBe(dir.path);
  });

  test.each<[Partial<LaunchRequest>, string, string]>([
    [{ profile: "codr" }, "message_invalid", 'no profile "codr"'],
    [{ profile: "__proto__" }, "message_invalid", 'no profile "__proto__"'],
    [{ profile: "odd" }, "config_invalid", '"no-such-cli"'],
    [{ project: "DIR/nowhere" }, "message_invalid", 'nowhere" is not a directory'],
    [{ project: "DIR/file" }, "message_invalid", 'file" is not a directory'],
    // It is there, and whoever asks may mean another one.
    [{ project: "." }, "message_invalid", '"." is not a directory'],
  ])("refuses %j as %s", async ({ project, ...request }, code, message) => {
    await using dir = await tempDir();
    await writeFile(dir.join("file"), "");
    const wanted = { profile: "coder", ...request, project: project?.replace("DIR", dir.path) };
    const asked = checkLaunch(wanted, { profiles, cwd: dir.path });
    await expect(asked).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
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
