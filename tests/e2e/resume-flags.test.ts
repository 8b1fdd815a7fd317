// An ended agent is started again with the flags of its launch: by `cliai resume`, by the next server, and on a terminal. The real
// Claude Code, offline; a program before it writes down its arguments.
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { claudePath, prepareClaude } from "../support/claude-code.ts";
import { cliaiCommand, type RunningServe, startCliai, startServe, untilApplied } from "../support/cliai.ts";
import { modeOf } from "../support/files.ts";
import { startModelServer } from "../support/model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

interface Facts extends ShownAgent {
  readonly pid: number;
  readonly role: string;
  readonly session_id: string;
}

async function prepare() {
  const dir = await tempDir();
  const model = await startModelServer({
    rules: [{ match: "remember seven", turn: { text: "Seven it is." } }],
  });
  const { work, env } = await prepareClaude(dir, model);
  await mkdir(dir.join("bin"));
  const starts = dir.join("starts");
  // The instructions of an agent have several lines, so the end of the arguments has a line of its own.
  const program = `#!/bin/sh\nprintf '%s ' "$@" >> "${starts}"; printf '\\n-- end --\\n' >> "${starts}"\nexec "${claudePath()}" "$@"\n`;
  await writeFile(dir.join("bin", "claude"), program, { mode: 0o700 });
  const path = `${dir.join("bin")}:${process.env.PATH}`;
  return {
    ...{ dir, work },
    options: { env: { ...env, PATH: path }, cwd: work, dataDir: dir.join("data"), deadlineMs: 90_000 },
    /** The arguments of each start of the CLI by `spawn`, oldest first, without the instructions. */
    async starts() {
      const all = (await readFile(starts, "utf8")).split("\n-- end --\n");
      return all
        .filter((each) => each.startsWith("--mcp-config"))
        .map((each) => each.replace(/--append-system-prompt [\s\S]*?(?=--resume |--session-id )/, ""));
    },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const facts = async (serve: RunningServe, id: string) => (await fetchAgent(serve, id)) as Facts;

async function goDown(serve: RunningServe, id: string): Promise<void> {
  const { pid } = await facts(serve, id);
  expect(pid).toBeGreaterThan(1);
  serve.child.kill("SIGKILL");
  await serve.child.exit();
  process.kill(pid, "SIGKILL");
  await serve[Symbol.asyncDispose]();
}

test("an agent goes on with the flags of its launch: resumed, taken up by the next server, and on a terminal", async () => {
  await using place = await prepare();
  const { dir, work, options, starts } = place;
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { own: { description: "for a test" } } }));
  await using parts = new AsyncDisposableStack();
  let serve = await startServe(options);
  parts.defer(() => serve[Symbol.asyncDispose]());
  const mode = ["--permission-mode", "plan"];
  const flags = ["--headless", "--model", "haiku", "--role", "captain", "--strict-mcp", "--config", config];
  const own = ["spawn", "own", "remember seven", "--id", "ada", "--data-dir", serve.dataDir];
  parts.use(await startCliai([...own, ...flags, "--", ...mode], options));
  const isDone = async () => (await serve.run(["wait", "ada", "--timeout", "80"])).code === 0;
  await waitFor(isDone, { what: "ada is done" });
  const before = await facts(serve, "ada");
  const kept = `${serve.dataDir}/agents/ada/launched-as.json`;
  expect(await modeOf(kept)).toBe("600");

  // `resume` has the server start it.
  expect((await serve.run(["send", "stop", "ada", ...untilApplied])).code).toBe(0);
  const resumed = await serve.run(["resume", "ada"]);
  expect(resumed.stdout).toBe(
    "ada: stopped (stop by operator); started again without a terminal, in its session\n",
  );
  expect(await facts(serve, "ada")).toMatchObject({ role: "captain", session_id: before.session_id });

  // The next server takes it up again by itself, as after a reboot.
  const { pid } = await facts(serve, "ada");
  await goDown(serve, "ada");
  serve = await startServe(options);
  await waitFor(
    async () => {
      const now = await facts(serve, "ada");
      return now.pid !== pid && now.status === "idle";
    },
    { what: "the server has started ada again" },
  );
  expect(await facts(serve, "ada")).toMatchObject({ role: "captain", session_id: before.session_id });
  for (const start of await starts()) {
    expect(start).toContain("--strict-mcp-config ");
    expect(start).toContain("--model haiku ");
    expect(start).toContain(" -p --input-format stream-json ");
    expect(start).toEndWith("--permission-mode plan ");
  }
  expect((await starts()).map((start) => /--(resume|session-id) [0-9a-f-]{36}/.exec(start)?.[0])).toEqual([
    `--session-id ${before.session_id}`,
    `--resume ${before.session_id}`,
    `--resume ${before.session_id}`,
  ]);

  // What is given now counts before what was given then.
  expect((await serve.run(["send", "stop", "ada", ...untilApplied])).code).toBe(0);
  const again = ["resume", "ada", "--terminal", "--model", "opus", "--data-dir", serve.dataDir];
  const commandLine = [...cliaiCommand(), ...again, "--", "--permission-mode", "acceptEdits"];
  await using terminal = await startTmux({ dir: dir.path, cwd: work, env: options.env, commandLine });
  await terminal.waitFor("❯");
  const onTerminal = (await starts()).at(-1);
  expect(onTerminal).toContain("--strict-mcp-config ");
  expect(onTerminal).toContain(`--model opus --resume ${before.session_id} --permission-mode acceptEdits `);
  expect(JSON.parse(await readFile(kept, "utf8"))).toEqual({
    ...{ profile: "own", headless: false, role: "captain", model: "opus", strict_mcp: true, config },
    passed_on: ["--permission-mode", "acceptEdits"],
  });

  // The server can start it without its terminal only. It is back on one as soon as it is resumed at one.
  expect((await serve.run(["send", "stop", "ada", ...untilApplied])).code).toBe(0);
  const way = "cliai send stop ada --wait applied && cliai resume ada";
  expect(await serve.run(["resume", "ada"])).toMatchObject({
    code: 0,
    stdout: "ada: stopped (stop by operator); started again without a terminal, in its session\n",
    stderr: expect.stringContaining(`ada was launched on a terminal; to have ada on one again: ${way}\n`),
  });
  expect((await serve.run(["resume", "ada"])).stdout).toMatch(
    new RegExp(
      `^ada: (runs already \\(.*\\)|is being started already), without a terminal; to have it on one again: ${way}\n$`,
    ),
  );
  expect(JSON.parse(await readFile(kept, "utf8"))).toMatchObject({
    headless: true,
    resume_on_terminal: true,
  });
  expect((await serve.run(["send", "stop", "ada", ...untilApplied])).code).toBe(0);
  await mkdir(dir.join("later"));
  const later = [...cliaiCommand(), "resume", "ada", "--data-dir", serve.dataDir];
  await using there = await startTmux({
    ...{ dir: dir.join("later"), cwd: work, env: options.env, commandLine: later },
  });
  await there.waitFor("❯");
  const last = JSON.parse(await readFile(kept, "utf8"));
  expect([last.headless, last.model, last.resume_on_terminal]).toEqual([false, "opus", undefined]);
});

test("an agent that the server launches has the flags of `spawn --detach`, and its settings file", async () => {
  await using place = await prepare();
  const { dir, options, starts } = place;
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { own: { description: "for a test" } } }));
  await using serve = await startServe(options);
  const flags = ["--id", "bob", "--model", "haiku", "--role", "captain", "--strict-mcp", "--config", config];
  const args = [
    "spawn",
    "own",
    "remember seven",
    "--detach",
    "--wait",
    ...flags,
    "--",
    "--permission-mode",
    "plan",
  ];
  expect(await serve.run(args)).toMatchObject({ code: 0, stdout: "Seven it is.\n" });
  expect(await facts(serve, "bob")).toMatchObject({ role: "captain", status: "idle" });
  const [start = ""] = await starts();
  expect(start).toContain("--strict-mcp-config ");
  expect(start).toContain("--model haiku ");
  expect(start).toEndWith("--permission-mode plan ");
  const missing = await serve.run(["spawn", "own", "--detach", "--config", dir.join("none.json")]);
  expect(missing).toMatchObject({ code: 2, stdout: "" });
  expect(missing.stderr).toContain("none.json");
});
