// `cliai spawn opencode` on a terminal, with the real OpenCode, offline: a person and cliai work in one session.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { processesIn } from "../clis/agent-view.ts";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { cliaiCommand, type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { type ChatScript, type ChatServer, startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { prepareOpencode } from "../support/opencode-cli.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startTmux, type TmuxSession } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

// On a busy machine OpenCode takes most of a minute to start, and some seconds for each request.
setDefaultTimeout(300_000);
const startsWithinMs = 120_000;
const soonMs = 90_000;

interface OnTerminal extends AsyncDisposable {
  readonly dir: TempDir;
  readonly work: string;
  readonly env: Readonly<Record<string, string>>;
  readonly serve: RunningServe;
  readonly model: ChatServer;
  readonly terminal: TmuxSession;
  until(what: string, fits: (agent: ShownAgent) => boolean): Promise<ShownAgent>;
}

/** Only a stop ends the agent as a whole: its server runs on when its host is killed, as a terminal of a test does at its end. */
async function endAgent(serve: RunningServe): Promise<void> {
  await serve.run(["send", "stop", "ada", "--force", ...untilApplied]);
}

async function nothingRunsIn(work: string): Promise<void> {
  const running = () => processesIn(work);
  await waitFor(async () => (await running()).length === 0, {
    ...{ what: "nothing of the agent runs on", deadlineMs: soonMs, saw: running },
  });
}

/** Resolves when the agent `ada` is ready and its terminal shows its session. */
async function startOnTerminal(
  script: ChatScript,
  { profile = {}, args = [] }: { profile?: object; args?: readonly string[] } = {},
): Promise<OnTerminal> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const serve = parts.use(await startServe());
  const model = parts.use(await startOpenaiChatServer(script));
  const { work, env: own } = await prepareOpencode(dir, model);
  const env = { ...own, CLIAI_NO_START: "1" };
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { mine: { cli: "opencode", ...profile } } }));
  const words = ["spawn", "mine", "--id", "ada", "--data-dir", serve.dataDir, "--config", config, ...args];
  parts.defer(() => nothingRunsIn(work));
  const terminal = parts.use(
    await startTmux({
      ...{ dir: dir.path, cwd: work, commandLine: [...cliaiCommand(), ...words] },
      env,
    }),
  );
  parts.defer(() => endAgent(serve));
  await terminal.waitFor("ctrl+p commands", startsWithinMs);
  const running = parts.move();
  return {
    ...{ dir, work, env, serve, model, terminal },
    async until(what, fits) {
      let last: ShownAgent | undefined;
      const look = async () => {
        last = await fetchAgent(serve, "ada");
        return fits(last);
      };
      await waitFor(look, { what, deadlineMs: soonMs, saw: () => last });
      return last as unknown as ShownAgent;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

test("the terminal shows a task of cliai's, cliai what is typed there; Ctrl-C ends the agent, and its terminal is as before", async () => {
  await using ada = await startOnTerminal({
    rules: [
      { match: "from cliai", once: true, turn: { text: "Done for cliai." } },
      { match: "from the keyboard", once: true, turn: { text: "Done for the user." } },
    ],
  });
  const { serve, terminal } = ada;
  const sent = await serve.run(
    ["send", "task", "ada", "tidy up, from cliai", "--id", "t-1", "--wait", "applied", "--timeout", "90"],
    { deadlineMs: 110_000 },
  );
  expect(sent).toMatchObject({ code: 0 });
  await terminal.waitFor("Done for cliai.", soonMs);
  expect(await terminal.screen()).toContain("tidy up, from cliai");
  const told = await ada.until("t-1 is applied", (agent) => lifeOf(agent, "t-1").length === 5);
  expect(lifeOf(told, "t-1")).toEqual([
    "stored",
    "delivered",
    "injected by http-api",
    "seen",
    "applied by result",
  ]);

  await terminal.enter("look around, from the keyboard");
  await terminal.waitFor("Done for the user.", soonMs);
  // The terminal shows it a moment before cliai has it.
  const log = async () => (await serve.run(["log", "ada"])).stdout;
  await waitFor(async () => (await log()).includes("Done for the user."), { what: "its words", saw: log });
  expect(await log()).toContain("look around, from the keyboard");
  expect((await serve.run(["show", "ada"])).stdout).toMatch(
    /^ {2}abilities +opencode 1\.18\.33, terminal: all but cost/m,
  );

  await terminal.keys("C-c");
  expect(await terminal.exit(soonMs)).toBe(0);
  expect(await terminal.variable("alternate_on")).toBe("0");
  await ada.until("it has ended", ({ status }) => status === "ended");
});

test("a permission can be given on either side, and is then no longer asked on the other", async () => {
  const touch = (file: string) => ({
    toolUses: [{ name: "bash", input: { command: `touch ${file}`, description: "d" } }],
  });
  await using ada = await startOnTerminal(
    {
      rules: [
        { match: "make one", once: true, turn: touch("one") },
        { match: "make two", once: true, turn: touch("two") },
      ],
    },
    { profile: { permissions: "inbox", permission_mode: "ask" } },
  );
  const { serve, terminal, work } = ada;
  const open = async () =>
    JSON.parse((await serve.run(["inbox", "--json"])).stdout) as { request_id: string }[];
  const asked = async () => {
    await terminal.waitFor("Permission required", soonMs);
    return (await waitFor(async () => (await open())[0], { what: "it is in the inbox", deadlineMs: soonMs }))
      .request_id;
  };

  await serve.run(["send", "task", "ada", "make one"]);
  await asked();
  await terminal.keys("Enter"); // "Allow once" is chosen
  await waitFor(() => existsSync(`${work}/one`), { what: "the tool has run", deadlineMs: soonMs });
  await waitFor(async () => (await open()).length === 0, { what: "the inbox is empty", deadlineMs: soonMs });
  await ada.until("its turn is over", ({ status }) => status === "idle");

  await serve.run(["send", "task", "ada", "make two"]);
  const request = await asked();
  expect(await serve.run(["answer", request, "--approve"])).toMatchObject({ code: 0 });
  await waitFor(() => existsSync(`${work}/two`), { what: "the tool has run", deadlineMs: soonMs });
  await terminal.waitFor((screen) => !screen.includes("Permission required"), soonMs);
});

test("a question can be answered in the inbox while it stands open at the terminal", async () => {
  const options = ["red", "blue"].map((label) => ({ label, description: label }));
  const input = { questions: [{ question: "Which colour?", header: "Colour", options }] };
  await using ada = await startOnTerminal(
    { rules: [{ match: "ask me", once: true, turn: { toolUses: [{ name: "question", input }] } }] },
    { profile: { permissions: "inbox" } },
  );
  const { serve, terminal, model } = ada;
  await serve.run(["send", "task", "ada", "ask me"]);
  await terminal.waitFor("Which colour?", soonMs);
  const open = async () => {
    const listed = await serve.run(["inbox", "--json"]);
    return (JSON.parse(listed.stdout) as { request_id: string; kind: string }[])[0];
  };
  const request = await waitFor(open, { what: "it is in the inbox", deadlineMs: soonMs });
  expect(request.kind).toBe("question");
  expect(await serve.run(["answer", request.request_id, "2"])).toMatchObject({ code: 0 });
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(model.requests.at(-1)?.newText).toContain("blue");
});

test("it works on without its terminal; a stop ends it, and cliai resume shows the session on a terminal again, or says that it is gone and begins a new one", async () => {
  await using ada = await startOnTerminal(
    { turns: [{ text: "One." }, { text: "Two." }, { text: "Three." }] },
    { args: ["--task", "the first task"] },
  );
  const { serve, terminal, dir, work, env } = ada;
  await terminal.waitFor("One.", soonMs);
  const { session_id, pid } = await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(session_id).toStartWith("ses_");
  await terminal.close();
  const wait = ["--wait", "applied", "--timeout", "90"];
  const task = (text: string) => serve.run(["send", "task", "ada", text, ...wait], { deadlineMs: 110_000 });
  expect(await task("the second task")).toMatchObject({ code: 0 });
  const stopped = await serve.run(["send", "stop", "ada", ...wait], { deadlineMs: 110_000 });
  expect(stopped).toMatchObject({ code: 0 });
  await waitFor(() => !existsSync(`/proc/${pid}`), { what: "its host has ended", deadlineMs: soonMs });

  const resumed = {
    ...{ dir: dir.path, cwd: work, env },
    commandLine: [...cliaiCommand(), "resume", "ada", "--data-dir", serve.dataDir],
  };
  {
    await using again = await startTmux(resumed);
    await again.waitFor("the second task", startsWithinMs);
    expect(await task("the third task")).toMatchObject({ code: 0 });
    await again.waitFor("Three.", soonMs);
    await ada.until("it is in the same session", (agent) => agent.session_id === session_id);
    await again.keys("C-c");
    expect(await again.exit(soonMs)).toBe(0);
  }

  // Somebody has removed what OpenCode keeps of the session.
  await rm(env.XDG_DATA_HOME ?? "", { recursive: true });
  await using parts = new AsyncDisposableStack();
  const anew = parts.use(await startTmux(resumed));
  parts.defer(() => endAgent(serve));
  const words = `ada goes on here in a new session: opencode does not know the session "${session_id}"`;
  await anew.waitFor((screen) => screen.replaceAll("\n", "").includes(words), startsWithinMs);
  await ada.until("it is in a new session", (agent) => agent.session_id !== session_id);
});
