// `cliai spawn` with the real Copilot CLI on its terminal, offline: the person types there, cliai types beside, and both see it.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { prepareCopilot } from "../support/acp-clis.ts";
import type { ShownAgent } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { spawnOnTerminal } from "../support/spawned-terminal.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { staysPending, waitFor } from "../support/wait-for.ts";

const bash = (command: string) => ({
  toolUses: [{ name: "bash", input: { command, description: "as asked" } }],
});

/** Copilot CLI as the agent ada. */
async function onTerminal(serve: RunningServe, args: readonly string[]) {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const model = parts.use(await startOpenaiChatServer());
  const { work, env } = await prepareCopilot(dir, model);
  const profile = { cli: "copilot", permissions: "inbox", prompt: "You are one of many." };
  const { terminal, until } = parts.use(await spawnOnTerminal(serve, { dir, work, env, profile, args }));
  const running = parts.move();
  return { ...{ dir, work, model, terminal, until }, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const isIdle = ({ axes }: ShownAgent) => axes.activity.value === "idle";

test("a person types at Copilot CLI's terminal, and cliai beside: each order is seen, a pause holds, a permission comes from the inbox, a forced stop leaves nothing", async () => {
  await using serve = await startServe();
  await using ada = await onTerminal(serve, []);
  const { terminal, work, model, until } = ada;
  model.setScript({
    rules: [
      { match: "say hello", once: true, turn: { text: "Hello from the task." } },
      { match: "typed by hand", once: true, turn: { text: "I read the keys." } },
      { match: "make a file", once: true, turn: bash("touch made") },
      { match: "fail now", once: true, turn: { error: { status: 400, message: "Bad request" } } },
      { match: "sleep long", once: true, turn: bash("echo $$ > pid; sleep 600") },
    ],
    fallback: { text: "Done." },
  });
  const send = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await serve.run(["send", ...words, "--timeout", "60"]);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
  };
  const asked = async (): Promise<string> => {
    const inbox = async () => JSON.parse((await serve.run(["inbox", "--json"])).stdout)[0]?.request_id;
    return await waitFor(inbox, { what: "it asks in the inbox", saw: terminal.screen });
  };

  // It calls no hook before its first prompt.
  await until("it is there", isIdle);
  await send("task", "ada", "say hello", "--id", "t-1", "--wait", "seen");
  await terminal.waitFor("Hello from the task.");
  await until("the task is done", (agent) => lifeOf(agent, "t-1").includes("applied by turn"));
  expect(JSON.stringify(model.requests[0]?.body.messages)).toContain("You are one of many.");
  await terminal.enter("this is typed by hand");
  await terminal.waitFor("I read the keys.");
  await until("its turn is over", isIdle);

  await send("pause", "ada", "--wait", "applied");
  await send("task", "ada", "make a file", "--id", "t-2", "--wait", "seen");
  await until("it is held", ({ axes }) => axes.control.value === "paused");
  const request = asked();
  const because = "the command would have been asked for by then";
  await staysPending(request, { what: "it is held", because, forMs: 2_000 });
  await send("resume", "ada", "--wait", "applied");
  const answered = ["answer", await request, "--approve"];
  expect(existsSync(`${work}/made`)).toBe(false);
  expect(await serve.run(answered)).toMatchObject({ code: 0 });
  await until("the task is done", (agent) => lifeOf(agent, "t-2").includes("applied by turn"));
  expect(existsSync(`${work}/made`)).toBe(true);

  await send("task", "ada", "fail now", "--id", "t-3");
  const failed = await until("the task has failed", (agent) =>
    lifeOf(agent, "t-3").includes("failed by turn"),
  );
  expect(lifeOf(failed, "t-3")).not.toContain("seen");

  await send("task", "ada", "sleep long", "--id", "t-4", "--wait", "seen");
  expect(await serve.run(["answer", await asked(), "--approve"])).toMatchObject({ code: 0 });
  const pidOf = () => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim();
  const pid = Number(await waitFor(pidOf, { what: "the command runs" }));
  const { usage } = await until("its figures are told", (agent) => agent.usage !== undefined);
  expect(usage).toMatchObject({ model: "model-1" });
  await send("stop", "ada", "--force", "--wait", "applied");
  expect(await readProcessStart(pid)).toBeUndefined();
  await terminal.exit();
});
