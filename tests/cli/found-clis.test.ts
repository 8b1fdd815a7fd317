// Which agent CLIs are on PATH, and what each says of its version.
import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import type { AgentCli } from "../../src/agents/agent-cli.ts";
import { agentClis } from "../../src/agents/agent-clis.ts";
import { findClis } from "../../src/cli/found-clis.ts";
import { tempDir } from "../support/temp-dir.ts";

const [first] = agentClis;
const cli = { ...first, name: "mine", program: "mine-cli", triedVersion: "1.0.0" } as AgentCli;
const described: AgentCli = { ...cli, triedVersion: "" };

async function find(script: string, of = cli, withinMs?: number) {
  await using dir = await tempDir();
  await writeFile(dir.join("mine-cli"), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  const [found] = await findClis([of], { PATH: `${dir.path}:${process.env.PATH}` }, withinMs);
  return { ...found, path: found?.path?.replace(dir.path, "DIR") };
}

describe("findClis()", () => {
  test("tells the version that a program prints, or why it is not known", async () => {
    expect(await find("echo mine 1.2.3")).toMatchObject({ path: "DIR/mine-cli", version: "1.2.3" });
    const { version, problem } = await find("echo hello");
    expect([version, problem]).toEqual([undefined, "its --version prints no version"]);
    expect((await find("exit 3")).problem).toStartWith("it does not run: ");
  });

  test("asks for no version of a CLI that only a profile describes, but that it runs", async () => {
    const well = await find("echo hello", described);
    expect([well.path, well.version, well.problem]).toEqual(["DIR/mine-cli", undefined, undefined]);
    expect((await find("exit 3", described)).problem).toStartWith("it does not run: ");
  });

  test("says of one that is not there just that", async () => {
    await using dir = await tempDir();
    expect(await findClis([cli], { PATH: dir.path })).toEqual([{ cli }]);
  });

  test("waits for no input, and not for a program that takes too long, even if that does not end when it is asked to", async () => {
    expect(await find("read line; echo 1.2.3")).toMatchObject({ version: "1.2.3" });
    const slow = "trap '' TERM; echo 1.2.3; while :; do sleep 1; done";
    expect((await find(slow, cli, 200)).problem).toStartWith("it does not run: ");
  }, 20_000);
});
