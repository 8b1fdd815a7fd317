// `cliai spawn` with the real agent CLIs that speak the Agent Client Protocol, offline. One agent of each takes one order after another.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { prepareCopilot, prepareGemini, prepareQwen } from "../support/acp-clis.ts";
import { fetchAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { startGeminiApiServer } from "../support/gemini-api-server.ts";
import { startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { stays, waitFor } from "../support/wait-for.ts";

const shell = (command: string) => ({
  toolUses: [{ name: "run_shell_command", input: { command, description: "d", is_background: false } }],
});
const untilFile = (name: string) => `until [ -e ${name} ]; do sleep 0.1; done`;

test("spawn qwen --headless takes tasks, permissions and a pause, and a forced stop ends its command", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using model = await startOpenaiChatServer({
    rules: [
      { match: "MAKE-IT", turn: shell("touch made") },
      { match: "LOOK-FIRST", once: true, turn: shell(`cat made; ${untilFile("go")}; ls > seen`) },
      { match: "THEN-THIS", turn: { text: "Then that." } },
      { match: "SLEEP-LONG", turn: shell("echo $$ > pid; sleep 600") },
    ],
    turns: [
      { toolUses: [{ name: "mcp__cliai__report_status", input: { status: "working" } }] },
      { text: "Hello." },
    ],
  });
  const { work, env } = await prepareQwen(dir, model);
  const args = ["spawn", "qwen", "--headless", "--id", "ada", "--data-dir", serve.dataDir];
  const [program = "", ...words] = [...cliaiCommand(), ...args, "--task", "say hello"];
  await using spawned = await startChild(program, words, { cwd: work, env: { ...env, CLIAI_NO_START: "1" } });
  await spawned.line("Hello.", { deadlineMs: 150_000 });
  const send = async (...order: string[]) => {
    const { code, stdout } = await serve.run(["send", ...order, "--timeout", "30"]);
    expect(code).toBe(0);
    return stdout;
  };
  const life = async (id: string) => lifeOf(await fetchAgent(serve, "ada"), id);
  const permission = (detail: string) => permissionFor(serve, detail);

  // Idle: a pause holds what it is told, and lets it go.
  expect(await send("pause", "ada", "--id", "p-1", "--wait", "applied")).toContain(
    "what it is told next waits",
  );
  await send("task", "ada", "MAKE-IT", "--id", "t-1");
  await stays(() => !existsSync(`${work}/made`) && model.requests.length === 2, {
    ...{ what: "it is told nothing", because: "it is paused", forMs: 1_500 },
  });
  await send("resume", "ada", "--id", "r-1", "--wait", "applied");

  // A permission: refused with words, which go to the model; then given.
  const refused = await permission("touch made");
  await serve.run(["answer", refused, "--refuse", "--reason", "LOOK-FIRST"]);
  const allowed = await permission("cat made");
  // Busy: the turn's next command is held by the pause, although a person has allowed it.
  await send("pause", "ada", "--id", "p-2");
  await serve.run(["answer", allowed, "--approve"]);
  await waitFor(async () => (await life("p-2")).some((state) => state.startsWith("applied")), {
    what: "the pause holds the command",
  });
  await send("resume", "ada", "--id", "r-2", "--wait", "applied");
  // Busy: a task joins the turn that runs.
  await send("task", "ada", "THEN-THIS", "--id", "t-2");
  await Bun.write(`${work}/go`, "");
  await spawned.line("Then that.", { deadlineMs: 30_000 });
  await waitFor(() => existsSync(`${work}/seen`), { what: "the command has run" });
  expect(existsSync(`${work}/made`)).toBe(false);
  expect((await life("t-2")).slice(0, 4)).toEqual([...["stored", "delivered", "injected by acp", "seen"]]);

  await send("task", "ada", "SLEEP-LONG", "--id", "t-3", "--wait", "seen");
  await serve.run(["answer", await permission("sleep 600"), "--approve"]);
  const pid = await waitFor(() => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim(), {
    ...{ what: "the command runs", deadlineMs: 20_000 },
  });
  expect(await send("stop", "ada", "--force", "--wait", "applied")).toContain("interrupt");
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  await waitFor(async () => (await fetchAgent(serve, "ada")).axes.control.value === "stopped", {
    what: "it is stopped",
  });
}, 360_000);

/** Resolves with the request of the inbox that has these words. */
async function permissionFor(serve: RunningServe, words: string): Promise<string> {
  const asked = async () => {
    const { stdout } = await serve.run(["inbox", "--json"]);
    return (JSON.parse(stdout) as { request_id: string }[]).find((each) =>
      JSON.stringify(each).includes(words),
    );
  };
  return (await waitFor(asked, { what: `the permission for ${words}`, deadlineMs: 60_000 })).request_id;
}

const others = {
  gemini: {
    start: startGeminiApiServer,
    prepare: prepareGemini,
    report: "mcp_cliai_report_status",
    shell: "run_shell_command",
  },
  copilot: {
    start: startOpenaiChatServer,
    prepare: prepareCopilot,
    report: "cliai-report_status",
    shell: "bash",
  },
};

test.each(["gemini", "copilot"] as const)(
  "spawn %s --headless takes a task, a pause and a permission, and a forced stop ends its command",
  async (name) => {
    const { start, prepare, report, shell: tool } = others[name];
    await using dir = await tempDir();
    await using serve = await startServe();
    const sleep = { name: tool, input: { command: "echo $$ > pid; sleep 600", description: "d" } };
    await using model = await start({
      rules: [{ match: "SLEEP-LONG", turn: { toolUses: [sleep] } }],
      turns: [
        { toolUses: [{ name: report, input: { status: "working", current_task: "greeting" } }] },
        { text: "Hello." },
      ],
    });
    const { work, env } = await prepare(dir, model);
    const args = [
      "spawn",
      name,
      "--headless",
      "--id",
      "ada",
      "--data-dir",
      serve.dataDir,
      "--task",
      "say hello",
    ];
    const [program = "", ...words] = [...cliaiCommand(), ...args];
    await using spawned = await startChild(program, words, {
      cwd: work,
      env: { ...env, CLIAI_NO_START: "1" },
    });
    await spawned.line("Hello.", { deadlineMs: 150_000 });
    expect(await fetchAgent(serve, "ada")).toMatchObject({ current_task: "greeting" });
    const send = async (...order: string[]) => {
      const { code, stdout } = await serve.run(["send", ...order, "--timeout", "30"]);
      expect(code).toBe(0);
      return stdout;
    };
    await send("pause", "ada", "--wait", "applied");
    await send("task", "ada", "SLEEP-LONG", "--id", "t-1");
    await send("resume", "ada", "--wait", "applied");
    await serve.run(["answer", await permissionFor(serve, "sleep 600"), "--approve"]);
    const pid = await waitFor(() => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim(), {
      ...{ what: "the command runs", deadlineMs: 60_000 },
    });
    expect(await send("stop", "ada", "--force", "--wait", "applied")).toContain("interrupt");
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(lifeOf(await fetchAgent(serve, "ada"), "t-1").slice(0, 4)).toEqual([
      ...["stored", "delivered", "injected by acp", "seen"],
    ]);
  },
  360_000,
);
