import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { CommandForm } from "../../../src/domain/model-server.ts";
import { commandTool } from "../../../src/loop/tools/command-tool.ts";
import { createLongOutputs } from "../../../src/loop/tools/long-output.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/wait-for.ts";

function command(dir: TempDir, form: CommandForm, limit = 10_000) {
  const abort = new AbortController();
  const outputs = createLongOutputs(() => limit);
  const env = { PATH: process.env.PATH, MARK: "here" };
  const tool = commandTool({ project: dir.path, outputs, env, form });
  return { tool, abort, run: (args: object) => tool.run(args as Record<string, unknown>, abort.signal) };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("run_command runs a program with its arguments, without a shell, in the project", async () => {
  await using dir = await tempDir();
  const { run } = command(dir, "args");
  expect(await run({ command: ["echo", "$HOME;", "a  b"] })).toEqual({ text: "$HOME; a  b\n[exit code 0]" });
  expect((await run({ command: ["pwd"] })).text).toBe(`${dir.path}\n[exit code 0]`);
  expect((await run({ command: ["printenv", "MARK"] })).text).toBe("here\n[exit code 0]");
  expect((await run({ command: ["true"] })).text).toBe("[exit code 0, no output]");
});

test("run_command tells a failure: the exit code with all output, the signal, a program that is not there", async () => {
  await using dir = await tempDir();
  const { run } = command(dir, "shell");
  expect(await run({ command: "echo out; echo err >&2; exit 3" })).toEqual({
    ...{ text: "error: out\nerr\n[exit code 3]", isError: true },
  });
  expect((await run({ command: "kill -9 $$" })).text).toBe("error: [ended by SIGKILL, no output]");
  const none = await command(dir, "args").run({ command: ["no-such-program"] });
  expect(none.isError).toBe(true);
  expect(none.text).toMatch(/^error: no-such-program: .*not found\n\[exit code 127\]$/);
});

test("run_command keeps the order in which output and errors were written", async () => {
  await using dir = await tempDir();
  const line = "for i in 1 2 3 4 5 6 7 8; do echo out $i; echo err $i >&2; done";
  const inOrder = Array.from({ length: 8 }, (_, index) => `out ${index + 1}\nerr ${index + 1}\n`).join("");
  const busy = command(dir, "args").run({ command: ["sh", "-c", `${line}; sleep 0.2`] });
  const results = await Promise.all([
    busy,
    ...Array.from({ length: 6 }, () => command(dir, "shell").run({ command: line })),
  ]);
  for (const { text } of results) expect(text).toBe(`${inOrder}[exit code 0]`);
});

test("run_command has no input, so that a program which asks for some ends", async () => {
  await using dir = await tempDir();
  expect((await command(dir, "args").run({ command: ["cat"] })).text).toBe("[exit code 0, no output]");
});

test("run_command ends a program at its time-out, with what it has started, and keeps its output", async () => {
  await using dir = await tempDir();
  const { run } = command(dir, "shell");
  const result = await run({ command: "echo begun; sleep 600 & echo $! > pid; wait", timeout_s: 1 });
  expect(result.text).toBe("error: begun\n[ended after its time-out of 1 s]");
  const pid = Number(readFileSync(dir.join("pid"), "utf8"));
  await until("the program in the background has ended", () => !isAlive(pid));
});

test.each([
  ["that writes to it", "sleep 600 &"],
  ["that writes elsewhere", "sleep 600 >/dev/null 2>&1 &"],
  ["that ignores SIGTERM", "(trap '' TERM; exec sleep 600) >/dev/null 2>&1 &"],
])(
  "run_command does not wait for a program in the background, and ends it: one %s",
  async (_, background) => {
    await using dir = await tempDir();
    const { run } = command(dir, "shell");
    const line = `${background} echo $! > pid; echo done`;
    expect((await run({ command: line })).text).toBe("done\n[exit code 0]");
    const pid = Number(readFileSync(dir.join("pid"), "utf8"));
    await until("the program in the background has ended", () => !isAlive(pid));
  },
);

test("run_command is interrupted with all that it has started, also what ignores SIGTERM", async () => {
  await using dir = await tempDir();
  const { run, abort } = command(dir, "shell");
  const running = run({ command: "trap '' TERM; sleep 600 & echo $! > pid; wait; wait" });
  await until(
    "it runs",
    () => existsSync(dir.join("pid")) && readFileSync(dir.join("pid"), "utf8").trim() !== "",
  );
  abort.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
  const pid = Number(readFileSync(dir.join("pid"), "utf8"));
  await until("the program in the background has ended", () => !isAlive(pid));
});

test("run_command cuts a long output in the middle, so that the end is seen", async () => {
  await using dir = await tempDir();
  const { text } = await command(dir, "shell", 500).run({ command: "seq 1 5000; echo last" });
  expect(text.length).toBeLessThan(800);
  expect(text).toStartWith("1\n2\n");
  expect(text).toEndWith("last\n[exit code 0]");
});

test("run_command takes the form that its profile allows, and no other", async () => {
  await using dir = await tempDir();
  expect(await command(dir, "args").run({ command: "echo a" })).toMatchObject({ isError: true });
  expect(await command(dir, "shell").run({ command: ["echo", "a"] })).toMatchObject({ isError: true });
  expect(command(dir, "args").tool.title({ command: ["git", "status"] })).toBe("git status");
});
