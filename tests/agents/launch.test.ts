// Launching in the foreground: exit codes, signals and a missing program, with real processes.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentCli } from "../../src/agents/agent-cli.ts";
import { launchAgent } from "../../src/agents/launch.ts";
import { startChild } from "../support/child.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const shell: AgentCli = {
  name: "sh",
  program: "sh",
  install: "apt install sh",
  triedVersion: "1.0.0",
  abilities: {},
  probedFlags: [],
  prepare: () => Promise.resolve({ args: [] }),
};
const env = process.env;

describe("launchAgent()", () => {
  test.each([
    ["exit 0", 0],
    ["exit 7", 7],
    ["kill -TERM $$", 143],
  ])("returns the CLI's own exit code: %s", async (script, code) => {
    const options = {
      cli: shell,
      args: ["-c", script],
      cwd: "/",
      env,
      isTerminal: false,
      run: crypto.randomUUID(),
    };
    expect(await launchAgent(options).exitCode).toBe(code);
  });

  test.each([
    ["exit 0", "ended"],
    ["exit 1", "crashed"],
    ["kill -KILL $$", "crashed"],
    // Whoever sends one of these asks it to end: its window is closed, its machine goes down, its user presses Ctrl-C.
    ["kill -TERM $$", "told"],
    ["kill -HUP $$", "told"],
    ["exit 130", "told"],
  ])("%s: it has %s", async (script, as) => {
    const agent = launchAgent({
      ...{ cli: shell, args: ["-c", script], cwd: "/", env, isTerminal: false, run: crypto.randomUUID() },
    });
    expect(await agent.endedAs).toBe(as as never);
  });

  test("a CLI of several processes is ended with all of them, though its first one ends at once and passes nothing on", async () => {
    await using dir = await tempDir();
    const child = "trap 'echo told >> told; exit 0' TERM; echo up >> up; while :; do sleep 0.05; done";
    const agent = launchAgent({
      cli: { ...shell, isProcessGroup: true },
      args: ["-c", `trap 'exit 0' TERM; sh -c "$CHILD" & while :; do sleep 0.05; done`],
      ...{ cwd: dir.path, env: { PATH: process.env.PATH, CHILD: child }, isTerminal: false, isPiped: true },
      run: crypto.randomUUID(),
    });
    const has = (name: string) => existsSync(join(dir.path, name));
    await waitFor(() => has("up"), { what: "both processes run" });
    await agent.end();
    expect(has("told")).toBe(true);
  });

  test("one that we end was told to, whatever it ends with", async () => {
    const args = ["-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"];
    const agent = launchAgent({
      cli: shell,
      args,
      cwd: "/",
      env,
      isTerminal: false,
      run: crypto.randomUUID(),
    });
    await agent.end();
    expect(await agent.endedAs).toBe("told");
  });

  test("a missing CLI is one line that says how to get it", async () => {
    const cli = { ...shell, program: "no-such-program-here" };
    expect(
      launchAgent({ cli, args: [], cwd: "/", env, isTerminal: false, run: crypto.randomUUID() }).exitCode,
    ).rejects.toMatchObject({
      code: "cli_missing",
      message: "cannot start no-such-program-here: there is no such program on PATH",
      hint: "install it: apt install sh",
    });
  });

  test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
    "passes %s on, and outlives it to report",
    async (signal) => {
      await using dir = await tempDir();
      const launcher = dir.join("launcher.ts");
      const source = join(import.meta.dirname, "../../src/agents/launch.ts");
      const script = "trap 'echo got; exit 5' TERM HUP INT; echo ready; while :; do sleep 0.05; done";
      await writeFile(
        launcher,
        `import { launchAgent } from ${JSON.stringify(source)};
       const cli = { name: "sh", program: "sh", install: "" };
       const args = ["-c", ${JSON.stringify(script)}];
       process.exitCode = await launchAgent({ cli, args, cwd: "/", env: process.env, isTerminal: false, run: crypto.randomUUID() }).exitCode;`,
      );
      await using child = await startChild(process.execPath, [launcher]);
      await child.line("ready");
      child.kill(signal);
      expect(await child.exit()).toMatchObject({ code: 5, stdout: "ready\ngot\n" });
    },
  );
});
