// Completion in a real bash: what Tab offers, and that what is typed is never evaluated.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { builtExecutable } from "../support/built-executable.ts";
import { startChild } from "../support/child.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("bash completes commands, flags and the agents that serve knows, and evaluates nothing", async () => {
  await using dir = await tempDir();
  await symlink(builtExecutable(), dir.join("cliai"));
  await using serve = await startServe();
  const { natsUrl: url, credsPath } = serve;
  const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
  await using _ = { [Symbol.asyncDispose]: () => bus.close() };
  bus.publish("agent.ada.heartbeat", { agent_id: "ada", instance_id: "i1", seq: 1 });
  const offers = async (...words: string[]) => {
    const script = dir.join("try.sh");
    const lines = [
      "source <(cliai completion bash 2>/dev/null)",
      'COMP_WORDS=(cliai "$@")',
      "COMP_CWORD=$#",
      "_cliai_complete",
      `printf '%s\n' "\${COMPREPLY[@]}"`,
    ];
    await writeFile(script, lines.join("\n"));
    const env = { PATH: `${dir.path}:${process.env.PATH}`, HOME: dir.path, CLIAI_HOME: serve.dataDir };
    await using bash = await startChild("bash", ["--norc", script, ...words], { env });
    const { code, stdout } = await bash.exit();
    expect(code).toBe(0);
    return stdout.trim().split("\n");
  };
  expect(await offers("sh")).toEqual(["show"]);
  expect(await offers("send", "task", "ada", "--wait", "=", "de")).toEqual(["delivered"]);
  await waitFor(async () => (await offers("show", "a")).includes("ada"), { what: "ada" });
  const mark = dir.join("evaluated");
  expect(await offers("send", "task", "ada", `$(touch ${mark})`, "--wa")).toEqual(["--wait"]);
  expect(existsSync(mark)).toBe(false);
});

test("another shell's name is refused with the nearest", async () => {
  const run = await runCliai(["completion", "bsh"]);
  expect(run).toMatchObject({ code: 2, stdout: "" });
  expect(run.stderr).toStartWith(
    'error: SHELL "bsh" is not one of bash, zsh, fish, powershell\nhint: did you mean bash',
  );
  for (const shell of ["zsh", "fish", "powershell"]) {
    const { code, stdout, stderr } = await runCliai(["completion", shell]);
    expect([code, stdout.includes("cliai complete --"), stderr.includes("for each new shell")]).toEqual([
      0,
      true,
      true,
    ]);
  }
});
