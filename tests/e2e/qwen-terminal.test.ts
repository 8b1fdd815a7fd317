// `cliai spawn` with the real Qwen Code on its terminal, offline: the person types there, cliai sends, and both see it.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { prepareQwen } from "../support/acp-clis.ts";
import type { ShownAgent } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { spawnOnTerminal } from "../support/spawned-terminal.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { stays, waitFor } from "../support/wait-for.ts";

const call = (name: string, input: object) => ({ toolUses: [{ name, input: { ...input } }] });
const shell = (command: string) =>
  call("run_shell_command", { command, description: "as asked", is_background: false });

/** Qwen Code as the agent ada, which may run commands without asking. */
async function onTerminal(serve: RunningServe, args: readonly string[]) {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const model = parts.use(await startOpenaiChatServer());
  const { work, env } = await prepareQwen(dir, model, {
    general: { enableAutoUpdate: false },
    // A hook of the user's own.
    hooks: { Stop: [{ hooks: [{ type: "command", command: `touch ${dir.join("user-hook")}` }] }] },
    ui: { enableFollowupSuggestions: false },
  });
  const profile = {
    cli: "qwen",
    permission_mode: "default",
    allowed_tools: ["run_shell_command"],
    permissions: "inbox",
  };
  const { terminal, until } = parts.use(await spawnOnTerminal(serve, { dir, work, env, profile, args }));
  const running = parts.move();
  return { ...{ dir, work, model, terminal, until }, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const isIdle = ({ axes }: ShownAgent) => axes.activity.value === "idle";

test("a person types at Qwen Code's terminal, and cliai beside: each order is seen, a pause holds, Esc fails no task, a dialog takes no order", async () => {
  await using serve = await startServe();
  await using ada = await onTerminal(serve, ["--task", "say hello"]);
  const { dir, terminal, work, model, until } = ada;
  model.setScript({
    rules: [
      {
        ...{ match: "say hello", once: true },
        turn: call("mcp__cliai__report_status", { status: "working", current_task: "greeting" }),
      },
      { match: "typed by hand", turn: { text: "I read the keys." } },
      { match: "make a file", once: true, turn: shell("touch made") },
      { match: "wait for it", once: true, turn: shell("touch waits; until [ -e go ]; do sleep 0.1; done") },
      { match: "look at this too", turn: { text: "I looked at both." } },
      { match: "write a", once: true, turn: call("write_file", { file_path: `${work}/a`, content: "x" }) },
      { match: "write b", once: true, turn: call("write_file", { file_path: `${work}/b`, content: "x" }) },
      { match: "after the dialog", turn: { text: "Both are written." } },
      { match: "sleep long", turn: shell("touch sleeps; sleep 600") },
    ],
    fallback: { text: "Hello from the launch." },
  });
  const send = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await serve.run(["send", ...words, "--timeout", "80"]);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
  };
  const inbox = async (): Promise<readonly { readonly request_id: string }[]> =>
    JSON.parse((await serve.run(["inbox", "--json"])).stdout);
  await terminal.waitFor("Hello from the launch.", 100_000);
  await until("its turn is over", isIdle);
  await terminal.enter("this is typed by hand");
  await terminal.waitFor("I read the keys.");
  await until("its turn is over", isIdle);

  await send("pause", "ada", "--wait", "applied");
  await send("task", "ada", "make a file", "--id", "t-1", "--wait", "seen");
  await terminal.waitFor("Paused by operator");
  await until("it is held", ({ axes }) => axes.control.value === "paused");
  const because = "the command would have run by then";
  await stays(() => !existsSync(`${work}/made`), { what: "it is held", because, forMs: 1_000 });
  await send("resume", "ada", "--wait", "applied");
  await until("the task is done", (agent) => lifeOf(agent, "t-1").includes("applied by turn"));
  expect(existsSync(`${work}/made`)).toBe(true);

  await send("task", "ada", "wait for it", "--id", "t-2", "--wait", "seen");
  await waitFor(() => existsSync(`${work}/waits`), { what: "the command runs" });
  await send("task", "ada", "look at this too", "--id", "t-3");
  await Bun.write(`${work}/go`, "");
  await terminal.waitFor("I looked at both.");
  await until("both are done", (agent) =>
    ["t-2", "t-3"].every((id) => lifeOf(agent, id).includes("applied by turn")),
  );

  // A permission stands at the terminal and in the inbox: the first answer counts.
  await send("task", "ada", "write a", "--id", "t-4", "--wait", "seen");
  const asked = await waitFor(async () => (await inbox())[0], { what: "it asks" });
  await send("task", "ada", "write b", "--id", "t-5");
  await stays(() => !existsSync(`${work}/a`), {
    what: "the dialog stands",
    because: "the file is read every half second",
    forMs: 1_000,
  });
  expect(await serve.run(["answer", asked.request_id, "--approve"])).toMatchObject({ code: 0 });
  await waitFor(async () => existsSync(`${work}/a`) && (await inbox()).length === 1, {
    what: "it asks for the other",
  });
  await terminal.waitFor("Yes, allow once");
  await terminal.keys("Enter");
  await until("both are done", (agent) =>
    ["t-4", "t-5"].every((id) => lifeOf(agent, id).includes("applied by turn")),
  );
  await waitFor(async () => (await inbox()).length === 0, { what: "nothing is asked any more", saw: inbox });
  expect(existsSync(`${work}/b`)).toBe(true);

  // While its prompt is in shell mode, Qwen Code would run the words of an order as commands.
  await terminal.keys("!");
  await terminal.waitFor("shell mode enabled");
  await send("task", "ada", "touch run-by-the-shell", "--id", "t-7");
  await until(
    "it says why it waits",
    ({ heartbeat }) => heartbeat?.waits_because?.includes("shell mode") === true,
  );
  expect(lifeOf(await until("it waits", () => true), "t-7")).toEqual(["stored", "delivered"]);
  await terminal.keys("Escape");
  await until("it is done", (agent) => lifeOf(agent, "t-7").includes("applied by turn"));
  expect(existsSync(`${work}/run-by-the-shell`)).toBe(false);

  await send("task", "ada", "sleep long", "--id", "t-6", "--wait", "seen");
  await waitFor(() => existsSync(`${work}/sleeps`), { what: "the command runs" });
  await terminal.keys("Escape");
  const tokens = () => model.requests.length * 1_050;
  const left = await until(
    "its user has broken it off, and its tokens are told",
    (agent) => isIdle(agent) && agent.usage?.tokens_used === tokens(),
  );
  expect(lifeOf(left, "t-6")).toEqual(["stored", "delivered", "injected by input-file", "seen"]);
  expect(left.usage).toMatchObject({ tokens_used: tokens(), model: "model-1" });
  expect(existsSync(dir.join("user-hook"))).toBe(true);

  await send("stop", "ada", "--force", "--wait", "applied");
  await terminal.exit();
});
