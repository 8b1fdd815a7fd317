// `cliai clis`: which agent CLIs are there, in which release, and what cliai can do with them. With the real CLIs, and with programs in
// their places that are of another release or broken.
import { expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { agentClis } from "../../src/agents/agent-clis.ts";
import type { ModeAbilities } from "../../src/domain/abilities.ts";
import { builtExecutable } from "../support/built-executable.ts";
import { claudePath } from "../support/claude-code.ts";
import { runCliai } from "../support/cliai.ts";
import { opencodePath } from "../support/opencode-cli.ts";
import { tempDir } from "../support/temp-dir.ts";

interface Listed {
  readonly name: string;
  readonly path: string | null;
  readonly version: string | null;
  readonly tried_version: string | null;
  readonly is_tried: boolean | null;
  readonly problem?: string;
  readonly install: string;
  readonly abilities: ModeAbilities;
}

test("lists every CLI; the real ones that are on PATH with their versions, all with their abilities", async () => {
  await using dir = await tempDir();
  await symlink(claudePath(), dir.join("claude"));
  await symlink(opencodePath(), dir.join("opencode"));
  const env = { PATH: dir.path, HOME: dir.path };
  const { code, stdout, stderr } = await runCliai(["clis", "--json"], { env });
  expect([code, stderr]).toEqual([0, ""]);
  const listed = JSON.parse(stdout) as Listed[];
  expect(listed.map(({ name, abilities }) => [name, abilities])).toEqual(
    agentClis.map(({ name, abilities }) => [name, abilities]),
  );
  for (const { name, path, version, tried_version, is_tried } of listed) {
    const isThere = name === "claude" || name === "opencode";
    if (name === "local") {
      // It is this program itself.
      expect([path, version, is_tried]).toEqual([builtExecutable(), tried_version, true]);
      continue;
    }
    expect([name, path, is_tried]).toEqual([name, ...(isThere ? [dir.join(name), true] : [null, null])]);
    expect(version).toBe(isThere ? tried_version : null);
  }
  const text = await runCliai(["clis"], { env });
  const lines = text.stdout.split("\n");
  expect(lines).toContain(`opencode  1.18.33, ${dir.join("opencode")}`);
  expect(lines).toContain("  headless  all but shared (no: it has no terminal)");
});

test("lists the CLIs that profiles describe, with those that tell no release; doctor lists them, too", async () => {
  await using dir = await tempDir();
  for (const [name, version] of [
    ["mine", "1.2.3"],
    ["quiet", "hello"],
  ] as const)
    await writeFile(dir.join(name), `#!/bin/sh\necho ${version}\n`, { mode: 0o700 });
  const described = (name: string) => ({ cli: `acp:${name}`, acp: { command: name, args: ["--acp"] } });
  const profiles = {
    one: described("mine"),
    two: described("mine"),
    three: described("quiet"),
    four: described("gone"),
  };
  await writeFile(dir.join("profiles.json"), JSON.stringify(profiles));
  const options = { env: { PATH: `${dir.path}:/usr/bin:/bin`, HOME: dir.path } };
  const clis = (...args: string[]) => runCliai(["clis", ...args, "--data-dir", dir.path], options);
  const { stdout } = await clis("--json");
  const own = (JSON.parse(stdout) as Listed[]).filter(({ name }) => name.startsWith("acp:"));
  expect(own).toMatchObject([
    { name: "acp:mine", path: dir.join("mine"), version: "1.2.3", tried_version: null, is_tried: false },
    { name: "acp:quiet", path: dir.join("quiet"), version: null, is_tried: null },
    { name: "acp:gone", path: null, version: null },
  ]);
  const text = await clis();
  expect([text.code, text.stderr]).toEqual([0, ""]);
  const lines = text.stdout.split("\n");
  expect(lines).toContain(`acp:mine  1.2.3 (untried), ${dir.join("mine")}`);
  expect(lines).toContain(`acp:quiet  ${dir.join("quiet")}: it prints no version (a profile describes it)`);
  expect(lines).toContain(
    "acp:gone  gone is not on PATH (a profile describes it); put it on PATH, or give its full path as acp.command",
  );
  expect(await clis("acp:quiet")).toMatchObject({ code: 0, stdout: expect.stringContaining("    task") });
  const doctor = await runCliai(["doctor", "--json", "--data-dir", dir.path], options);
  const checks = (JSON.parse(doctor.stdout) as { checks: { check: string; message: string }[] }).checks;
  const said = checks.map(({ check, message }) => `${check}: ${message}`).join("\n");
  expect(said).toContain(`acp:mine: ${dir.join("mine")} is 1.2.3 (untried); headless: `);
  expect(said).toContain(`acp:quiet: ${dir.join("quiet")} prints no version; headless: `);
  expect(said).toContain('the profile "four" needs gone, which is not on PATH');
});

test("says that a release was never tried, that a CLI is broken, and that one is not there; exit 1 if none can be launched", async () => {
  await using dir = await tempDir();
  const program = async (name: string, script: string) => {
    await mkdir(dir.join(name), { recursive: true });
    await writeFile(dir.join(name, "claude"), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    return { env: { PATH: dir.join(name) } };
  };
  const newer = await runCliai(["clis", "claude"], await program("newer", "echo 99.1.0"));
  expect(newer.code).toBe(0);
  expect(newer.stdout).toStartWith(`claude  99.1.0 (untried; tried: 2.1.330), ${dir.join("newer/claude")}\n`);
  expect(newer.stdout).toMatch(/^ {4}pause +yes +its next tool call is held .*: the hook before each tool/m);

  const broken = await runCliai(["clis", "claude"], await program("broken", "exit 3"));
  expect(broken.code).toBe(1);
  expect(broken.stdout).toContain(`${dir.join("broken/claude")}: it does not run: `);

  const none = await runCliai(["clis"], { env: { PATH: dir.join("empty") } });
  expect(none.code).toBe(1);
  expect(none.stdout).toContain(
    "opencode  not on PATH (tried: 1.18.33); install it: npm install -g opencode-ai\n",
  );

  const unknown = await runCliai(["clis", "opencod", "--json"], { env: { PATH: dir.join("empty") } });
  expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
  expect(JSON.parse(unknown.stderr).error).toMatchObject({
    ...{ code: "usage", message: 'no agent CLI "opencod"', hint: expect.stringContaining("opencode") },
  });
});
