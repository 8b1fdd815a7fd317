// What an agent CLI says of itself before it is launched: of one that is slow, broken or missing nothing is assumed.
import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { readCliOutput, readCliVersion } from "../../../src/cli/spawn/cli-version.ts";
import { tempDir } from "../../support/temp-dir.ts";

const env = { PATH: process.env.PATH };
async function cli(script: string) {
  const dir = await tempDir();
  const path = dir.join("cli");
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return { ...dir, file: path, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

describe("readCliVersion()", () => {
  test.each([
    ["echo 2.1.330", "2.1.330"],
    ["echo 'mine-cli 1.2.3-beta (abc)'", "1.2.3"],
    ["echo hello", undefined],
    ["echo 1.2.3; exit 1", undefined],
    ["echo 1.2.3 >&2", undefined],
  ])("of a program that does %p is %p", async (script, version) => {
    await using made = await cli(script);
    expect(await readCliVersion(made.file, env)).toBe(version as string);
  });

  test("passes the arguments that make the program act as the CLI before the flag", async () => {
    await using made = await cli('[ "$*" = "loop --version" ] && echo 1.2.3');
    expect(await readCliVersion(made.file, env, ["loop"])).toBe("1.2.3");
    expect(await readCliVersion(made.file, env)).toBeUndefined();
  });

  test("of a program that is not there is not known", async () => {
    expect(await readCliVersion("/nowhere/cli", env)).toBeUndefined();
  });
});

describe("readCliOutput()", () => {
  test("gives the program what it needs to start, and none of the user's keys", async () => {
    await using made = await cli('echo "$HOME,$TMPDIR,$API_KEY,$ANTHROPIC_API_KEY"');
    const all = { ...env, HOME: "/h", TMPDIR: "/t", API_KEY: "secret", ANTHROPIC_API_KEY: "secret" };
    expect(await readCliOutput(made.file, [], { env: all, withinMs: 60_000 })).toBe("/h,/t,,\n");
  });

  test("ends a program that takes too long, also one that does not end by itself when it is asked to", async () => {
    await using made = await cli("trap '' TERM; echo 1.2.3; while :; do sleep 1; done");
    expect(await readCliOutput(made.file, [], { env, withinMs: 200 })).toBeUndefined();
  }, 20_000);

  test("waits for no input, which nobody gives", async () => {
    await using made = await cli('read line; echo "read: $line"');
    expect(await readCliOutput(made.file, [], { env, withinMs: 60_000 })).toBe("read: \n");
  }, 20_000);
});
