// `cliai spawn` with the real OpenCode, offline: its session resumed, and held without a server. What every agent CLI must do is in tests/clis.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, runCliai, startServe, untilApplied } from "../support/cliai.ts";
import { startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { prepareOpencode } from "../support/opencode-cli.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { stays, waitFor } from "../support/wait-for.ts";

test("resume starts an OpenCode agent again in its session, and so does the next server", async () => {
  await using dir = await tempDir();
  await using model = await startOpenaiChatServer({ fallback: { text: "Seven it is." } });
  const { work, env } = await prepareOpencode(dir, model);
  const options = { env, cwd: work, dataDir: dir.join("data") };
  await using parts = new AsyncDisposableStack();
  let serve = await startServe(options);
  parts.defer(() => serve[Symbol.asyncDispose]());
  const facts = async () =>
    (await fetchAgent(serve, "ada")) as ShownAgent & { pid: number; session_id: string };
  const spawned = await serve.run([
    "spawn",
    "opencode",
    "remember seven",
    "--detach",
    "--wait",
    "--id",
    "ada",
  ]);
  expect(spawned).toMatchObject({ code: 0, stdout: "Seven it is.\n" });
  const { session_id } = await facts();
  expect(session_id).toStartWith("ses_");
  expect((await serve.run(["send", "stop", "ada", ...untilApplied])).code).toBe(0);
  const resumed = await serve.run(["resume", "ada"]);
  expect(resumed.stdout).toEndWith("started again without a terminal, in its session\n");
  // It has no task, so only its session's start shows that it is idle.
  await waitFor(async () => (await facts()).status === "idle", { what: "it is idle" });

  const { pid } = await facts();
  serve.child.kill("SIGKILL");
  await serve.child.exit();
  process.kill(pid, "SIGKILL");
  await serve[Symbol.asyncDispose]();
  serve = await startServe(options);
  const isBack = async () => {
    const now = await facts();
    return now.pid !== pid && now.axes.link.value === "online";
  };
  await waitFor(isBack, { what: "the server has started ada again", saw: facts });
  expect((await facts()).session_id).toBe(session_id);
  expect((await serve.run(["send", "task", "ada", "which number"])).code).toBe(0);
  expect((await serve.run(["wait", "ada"])).code).toBe(0);
  const last = model.requests.findLast(({ newText }) => newText.includes("which number"));
  expect(JSON.stringify(last?.body)).toContain("remember seven");
});

test("a pause holds the next tool of an OpenCode agent until resume, also while no server runs", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const bash = (command: string) => ({ toolUses: [{ name: "bash", input: { command, description: "d" } }] });
  await using model = await startOpenaiChatServer({
    turns: [
      bash("touch first; until [ -e go ]; do sleep 0.1; done"),
      bash("touch second"),
      { text: "Both." },
    ],
  });
  const { work, env } = await prepareOpencode(dir, model);
  const has = (file: string) => existsSync(`${work}/${file}`);
  const serve = await startServe({ dataDir });
  const args = ["spawn", "opencode", "--headless", "--id", "ada", "--data-dir", dataDir, "--task", "go"];
  const [program = "", ...words] = [...cliaiCommand(), ...args];
  await using spawned = await startChild(program, words, { cwd: work, env: { ...env, CLIAI_NO_START: "1" } });
  const soon = { deadlineMs: 90_000 };
  await waitFor(() => has("first"), { what: "the first tool runs", ...soon });
  const waiting = [...untilApplied];
  const pause = ["send", "pause", "ada", "--id", "p-1", "--wait", "delivered", "--timeout", "80"];
  expect((await serve.run(pause, soon)).code).toBe(0);
  const isShut = async () => lifeOf(await fetchAgent(serve, "ada"), "p-1").includes("injected by hook");
  await waitFor(isShut, { what: "its next tool will be held", ...soon });
  await writeFile(`${work}/go`, "");
  const isHeld = async () => (await fetchAgent(serve, "ada")).axes.control.value === "paused";
  await waitFor(isHeld, { what: "it is paused", ...soon });
  await serve[Symbol.asyncDispose]();
  await stays(() => !has("second"), {
    ...{ what: "the second tool is held", because: "the agent is paused", forMs: 3_000 },
  });
  await using again = await startServe({ dataDir });
  expect((await again.run(["send", "resume", "ada", ...waiting], soon)).code).toBe(0);
  await spawned.line("Both.", soon);
  expect(has("second")).toBe(true);
  expect(await again.run(["send", "stop", "ada", ...waiting], soon)).toMatchObject({ code: 0 });
}, 300_000);

test("without a terminal it needs --headless, and says so", async () => {
  await using dir = await tempDir();
  const { code, stderr } = await runCliai(["spawn", "opencode", "look", "--data-dir", dir.path]);
  expect(code).toBe(2);
  expect(stderr).toContain("there is no terminal here on which to show opencode");
  expect(stderr).toContain("hint: add --headless");
});
