// The commands are programs of the runtime that runs the tests, so that they run on each system.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { messageOf } from "../../../src/domain/text/errors.ts";
import { runHook } from "../../../src/notify/hooks/run-hook.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/wait-for.ts";

const never = new AbortController().signal;

function run(dir: TempDir, script: string, { args = [] as string[], timeout_s = 60, signal = never } = {}) {
  const command = [process.execPath, "-e", script, ...args];
  const env = { PATH: process.env.PATH, GIVEN: "yes", BUN_OPTIONS: "--bad" };
  return runHook({ command, timeout_s }, { kind: "done", text: "a\nb" }, { cwd: dir.path, env, signal }).then(
    () => "well",
    messageOf,
  );
}

describe("runHook()", () => {
  test("gives the notice on stdin as one line, the arguments as they are, and the environment without what steers Bun", async () => {
    await using dir = await tempDir();
    const script = `require("fs").writeFileSync("out", JSON.stringify([
      require("fs").readFileSync(0, "utf8"), process.argv.at(-1), process.env.GIVEN, process.env.BUN_OPTIONS ?? null]))`;
    expect(await run(dir, script, { args: ["$HOME; `id`"] })).toBe("well");
    expect(JSON.parse(readFileSync(dir.join("out"), "utf8"))).toEqual([
      '{"kind":"done","text":"a\\nb"}\n',
      "$HOME; `id`",
      "yes",
      null,
    ]);
  });

  test("a command that does not read its input ends well", async () => {
    await using dir = await tempDir();
    expect(await run(dir, "")).toBe("well");
  });

  test("says the exit code, and the last line that it printed, without secrets", async () => {
    await using dir = await tempDir();
    const script = `console.error("one"); console.error("no: Bearer abcdefghijklmnop"); process.exit(3)`;
    expect(await run(dir, script)).toBe("exit code 3: no: Bearer ***");
  });

  test("waits for the rest of the output of a command that has ended", async () => {
    await using dir = await tempDir();
    // A child that lives a little longer prints the last line.
    const child = `setTimeout(() => console.error("the end"), 300)`;
    const script = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["ignore", "ignore", "inherit"] }).unref(); process.exitCode = 4`;
    expect(await run(dir, script)).toBe("exit code 4: the end");
  });

  test("says that the program is not there", async () => {
    await using dir = await tempDir();
    const hook = { command: [dir.join("none")], timeout_s: 5 };
    const place = { cwd: dir.path, env: {}, signal: never };
    const reason = await runHook(hook, {}, place).then(() => "well", messageOf);
    expect(reason).toStartWith("it cannot be started: ");
    expect(reason).toContain("ENOENT");
  });

  test("ends a command that takes too long, and what it has started", async () => {
    await using dir = await tempDir();
    const child = `setInterval(() => 0, 1000); require("fs").writeFileSync("child", String(process.pid))`;
    const script = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}]); setInterval(() => 0, 1000)`;
    // On a busy machine two programs may take longer to start than a short limit leaves them.
    for (let timeout_s = 2; !existsSync(dir.join("child")); timeout_s *= 2)
      expect(await run(dir, script, { timeout_s })).toBe(`it ran for more than ${timeout_s} s and was ended`);
    const pid = Number(readFileSync(dir.join("child"), "utf8"));
    if (process.platform !== "win32") await until("the child's end", () => !isRunning(pid));
  });

  test("ends it when serve ends", async () => {
    await using dir = await tempDir();
    const ending = new AbortController();
    const running = run(dir, `require("fs").writeFileSync("on", ""); setInterval(() => 0, 1000)`, {
      signal: ending.signal,
    });
    await until("its start", () => existsSync(dir.join("on")));
    ending.abort();
    expect(await running).toBe("serve has ended it");
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
