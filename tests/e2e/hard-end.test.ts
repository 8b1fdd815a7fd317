// The end of the real Claude Code by force, while a tool of it runs that heeds no signal: nothing of it is left, and a terminal is
// as it was before.
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { fetchAgent } from "../support/bridges.ts";
import { claudeEnvironment, prepareClaude } from "../support/claude-code.ts";
import { cliaiCommand, type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, descendantRunning, startHeadless } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

/** In a shell of its own, which nothing but SIGKILL ends. */
const stubborn = (seconds: number) => `sh -c 'trap "" TERM HUP INT; while :; do sleep ${seconds}; done'`;
const startsTool = (seconds: number) => ({
  rules: [{ match: "run the tool", once: true, turn: bash(stubborn(seconds)) }],
  fallback: { text: "done" },
});

interface Processes {
  readonly cli: number;
  readonly tool: number;
}

/** The CLI, by the file that its host keeps of the run, and the tool below it. */
async function processesOf(
  serve: RunningServe,
  id: string,
  seconds: number,
  saw?: () => Promise<string>,
): Promise<Processes> {
  const path = join(serve.dataDir, "agents", id, "run.json");
  const look = async () => {
    const { cli } = JSON.parse(await readFile(path, "utf8")) as { cli: { pid: number } };
    return { cli: cli.pid, tool: await descendantRunning(cli.pid, String(seconds)) };
  };
  return await waitFor(() => look().catch(() => undefined), {
    what: "the tool runs",
    ...(saw && { saw }),
  });
}

async function isOver({ cli, tool }: Processes): Promise<boolean> {
  return (await Promise.all([cli, tool].map(readProcessStart))).every((start) => start === undefined);
}

test("a CLI that is killed leaves no tool behind, and the terminal as the shell had it", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer(startsTool(7531));
  await using serve = await startServe();
  const cwd = dir.join("work");
  await mkdir(cwd);
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs: [cwd], modelServerUrl: model.url });
  const settings = join(env.CLAUDE_CONFIG_DIR ?? "", "settings.json");
  await writeFile(settings, JSON.stringify({ tui: "fullscreen" }));
  const spawn = [...cliaiCommand(), "spawn", "demo", "--id", "ada", "--data-dir", serve.dataDir];
  const passed = ["--", "--permission-mode", "default", "--allowedTools", "Bash"];
  // As a person's shell runs it, which goes on afterwards.
  const commandLine = ["sh", "-c", '"$@"; echo "it ended with $?"; exec cat', "sh", ...spawn, ...passed];
  await using terminal = await startTmux({ dir: dir.path, cwd, env, commandLine });
  await terminal.waitFor("❯");
  await terminal.enter("run the tool");
  const processes = await processesOf(serve, "ada", 7531, terminal.screen);
  expect(await terminal.variable("alternate_on")).toBe("1");
  process.kill(processes.cli, "SIGKILL");

  await terminal.waitFor("it ended with 137");
  expect(await isOver(processes)).toBe(true);
  const flags = ["alternate_on", "mouse_any_flag", "cursor_flag"];
  expect(await Promise.all(flags.map(terminal.variable))).toEqual(["0", "0", "1"]);
  await terminal.enter("a line that the shell reads");
  const { axes } = await waitFor(
    async () => {
      const agent = await fetchAgent(serve, "ada");
      return agent.axes.link.value === "offline" && agent;
    },
    { what: "its goodbye" },
  );
  expect(axes.link.reason).toBe("its CLI crashed: SIGKILL");
});

test("a stop by force ends a CLI that stands still, and its tool", async () => {
  await using model = await startModelServer(startsTool(7532));
  await using serve = await startServe();
  await using ada = await startHeadless(serve, {
    ...{ id: "ada", model, args: ["--task", "run the tool"] },
    claudeArgs: ["--allowedTools", "Bash"],
  });
  const processes = await processesOf(serve, "ada", 7532);
  process.kill(processes.cli, "SIGSTOP");
  const sent = await serve.run([...["send", "stop", "ada", "--force", ...untilApplied, "--json"]]);
  // Deno 2.9 tells of the first signal that it sent.
  expect(sent.stdout).toMatch(/ended: SIG(KILL|TERM)/);
  expect(sent.code).toBe(0);
  expect(await isOver(processes)).toBe(true);
  expect((await ada.child.exit()).code).toBe(137);
});

test("down --agents ends an agent whose CLI stands still, without a server; serve ends what the killed host of another has left", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [
      { match: "run the tool", once: true, turn: bash(stubborn(7533)) },
      { match: "run another tool", once: true, turn: bash(stubborn(7534)) },
    ],
    fallback: { text: "done" },
  });
  const { work, env } = await prepareClaude(dir, model);
  const settings = { permissions: { allow: ["Bash"] } };
  await writeFile(join(env.CLAUDE_CONFIG_DIR ?? "", "settings.json"), JSON.stringify(settings));
  await using serve = await startServe({ env });
  const launch = async (id: string, task: string) => {
    const body = JSON.stringify({ profile: "demo", project: work, id, task });
    const headers = { "content-type": "application/json" };
    const response = await serve.fetch("/api/agents", { method: "POST", headers, body });
    expect(response.status).toBe(201);
  };
  await launch("bob", "run another tool");
  const bob = await processesOf(serve, "bob", 7534);
  process.kill((await fetchAgent(serve, "bob")).pid ?? 0, "SIGKILL");
  await waitFor(() => isOver(bob), { what: "nothing of bob is left" });
  const died = /^bob +✗ died: its host has ended without a word \(SIGKILL\) /m;
  const listed = await waitFor(
    async () => {
      const ls = await serve.run(["ls"]);
      return died.test(ls.stdout) && ls;
    },
    { what: "it is shown as having died while it worked" },
  );
  expect(listed.stderr).toContain("go on: cliai resume bob");

  await launch("ada", "run the tool");
  const ada = await processesOf(serve, "ada", 7533);
  process.kill(ada.cli, "SIGSTOP");
  serve.child.kill("SIGTERM");
  await serve.child.exit();
  expect(await isOver(ada)).toBe(false);
  const down = await serve.run(["down", "--agents"]);
  expect(down).toMatchObject({ code: 0, stdout: "ada  stopped: its host was ended\n" });
  expect(await isOver(ada)).toBe(true);
});

test("what the host of a person's agent has left when it was killed is ended by the next start of either", async () => {
  await using model = await startModelServer({
    rules: [7535, 7536].map((seconds) => ({
      ...{ match: `run the tool ${seconds}`, once: true, turn: bash(stubborn(seconds)) },
    })),
    fallback: { text: "done" },
  });
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const start = async (serve: RunningServe, seconds: number) => {
    const headless = await startHeadless(serve, {
      ...{ id: "ada", model, args: ["--task", `run the tool ${seconds}`] },
      claudeArgs: ["--allowedTools", "Bash"],
    });
    return { headless, processes: await processesOf(serve, "ada", seconds) };
  };
  let last: Processes;
  {
    await using serve = await startServe({ dataDir });
    const first = await start(serve, 7535);
    first.headless.child.kill("SIGKILL");
    await first.headless.child.exit();
    expect(await readProcessStart(first.processes.tool)).toBeDefined();
    const gone = async () => (await fetchAgent(serve, "ada")).status === "crashed";
    await waitFor(gone, { what: "serve has found it" });
    const second = await start(serve, 7536);
    expect(await isOver(first.processes)).toBe(true);
    second.headless.child.kill("SIGKILL");
    await second.headless.child.exit();
    last = second.processes;
    await first.headless[Symbol.asyncDispose]();
    await second.headless[Symbol.asyncDispose]();
  }
  expect(await readProcessStart(last.tool)).toBeDefined();
  await using _serve = await startServe({ dataDir });
  await waitFor(() => isOver(last), { what: "nothing of it is left" });
});
