// `cliai spawn` with the real Codex on its terminal, offline: the person types there, cliai sends, and both see it.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { cliaiCommand, type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { prepareCodex } from "../support/codex-cli.ts";
import { type ResponsesScript, startOpenaiResponsesServer } from "../support/openai-responses-server.ts";
import { descendantRunning, lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux, type TmuxSession } from "../support/tmux.ts";
import { stays, waitFor } from "../support/wait-for.ts";

const shell = (cmd: string, more: object = {}) => ({
  toolUses: [{ name: "exec_command", input: { cmd, yield_time_ms: 30_000, ...more } }],
});

interface OnTerminal extends AsyncDisposable {
  readonly work: string;
  readonly terminal: TmuxSession;
  until(what: string, fits: (agent: ShownAgent) => boolean): Promise<ShownAgent>;
}

/** Codex as the agent ada, in a folder that its user trusts. */
async function onTerminal(
  serve: RunningServe,
  script: ResponsesScript,
  profile: object,
  args: readonly string[] = [],
): Promise<OnTerminal> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const model = parts.use(await startOpenaiResponsesServer(script));
  const tables = [`[projects.${JSON.stringify(dir.join("work"))}]`, 'trust_level = "trusted"'];
  const { work, env } = await prepareCodex(dir, model, { tables });
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { own: { cli: "codex", ...profile } } }));
  const own = ["spawn", "own", "--id", "ada", "--data-dir", serve.dataDir, "--config", config];
  const terminal = parts.use(
    await startTmux({
      ...{
        dir: dir.path,
        cwd: work,
        commandLine: [...cliaiCommand(), ...own, "--die-with-terminal", ...args],
      },
      env: { ...env, CLIAI_NO_START: "1" },
    }),
  );
  // Only a stop ends the agent as a whole: its server runs on when its host is killed.
  parts.defer(async () => void (await serve.run(["send", "stop", "ada", "--force", ...untilApplied])));
  const running = parts.move();
  return {
    ...{ work, terminal },
    async until(what, fits) {
      let last: ShownAgent | undefined;
      const look = async () => {
        last = await fetchAgent(serve, "ada").catch(() => last);
        return last !== undefined && fits(last) ? last : undefined;
      };
      return await waitFor(look, { what, saw: () => last });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const isIdle = ({ status }: ShownAgent) => status === "idle";

test("a person types at Codex's terminal, and cliai beside: what it sends is seen, a pause holds, Esc fails no task, and a stop ends both", async () => {
  await using serve = await startServe();
  const script = {
    rules: [
      { match: "say hello", turn: { text: "Hello from the launch." } },
      { match: "typed by hand", turn: { text: "I read the keys." } },
      { match: "make a file", once: true, turn: shell("touch made") },
      { match: "sleep", once: true, turn: shell("sleep 600") },
    ],
  };
  const profile = { permission_mode: "danger-full-access" };
  await using ada = await onTerminal(serve, script, profile, ["--task", "say hello"]);
  const { terminal, work, until } = ada;
  await terminal.waitFor("Hello from the launch.");
  await until("its turn is over", isIdle);
  await terminal.enter("this is typed by hand");
  await terminal.waitFor("I read the keys.");
  await until("its turn is over", isIdle);

  const send = (...words: readonly string[]) => serve.run(["send", ...words, "--timeout", "80"]);
  expect(await send("pause", "ada")).toMatchObject({ code: 0 });
  expect(await send("task", "ada", "make a file", "--id", "t-1", "--wait", "seen")).toMatchObject({
    code: 0,
  });
  await terminal.waitFor("make a file");
  await until("it is held", ({ axes }) => axes.control.value === "paused");
  const because = "the command would have run by then";
  await stays(() => !existsSync(`${work}/made`), { what: "it is held", because, forMs: 500 });
  expect(await send("resume", "ada", "--wait", "applied")).toMatchObject({ code: 0 });
  await until("the task is done", (agent) => lifeOf(agent, "t-1").includes("applied by result"));
  expect(existsSync(`${work}/made`)).toBe(true);

  // Its user breaks a turn off: the command runs on, as Codex does it, and the task goes on with the next turn.
  expect(await send("task", "ada", "sleep", "--id", "t-2", "--wait", "seen")).toMatchObject({ code: 0 });
  // Before that Codex still ends it.
  await terminal.waitFor("1 background terminal running");
  await terminal.keys("Escape");
  await terminal.waitFor("Conversation interrupted");
  await until("it is known", ({ axes }) => axes.activity.reason === "1 background shell");
  expect(lifeOf(await fetchAgent(serve, "ada"), "t-2").at(-1)).toBe("seen");

  const { pid = 0 } = await until("its process is known", ({ pid: known }) => known !== undefined);
  const server = await descendantRunning(pid, "app-server");
  expect(await send("stop", "ada", "--force", "--wait", "applied")).toMatchObject({ code: 0 });
  await terminal.exit();
  expect(existsSync(`/proc/${server}`)).toBe(false);
});

test("a permission stands at Codex's terminal and in the inbox: the first answer counts, and the other side's is gone", async () => {
  await using serve = await startServe();
  const escalated = (cmd: string) =>
    shell(cmd, { sandbox_permissions: "require_escalated", justification: "as asked" });
  const script = { turns: [escalated("touch a"), escalated("touch b"), { text: "Both are made." }] };
  const profile = { permission_mode: "read-only", permissions: "inbox" };
  await using ada = await onTerminal(serve, script, profile);
  const { terminal, work, until } = ada;
  await until("it waits for a prompt", ({ axes }) => axes.link.value === "online");
  await terminal.waitFor("OpenAI Codex");
  await terminal.enter("make both");
  const inbox = async (): Promise<readonly { readonly request_id: string }[]> =>
    JSON.parse((await serve.run(["inbox", "--json"])).stdout);
  const asked = await waitFor(async () => (await inbox())[0], { what: "it asks" });
  await terminal.waitFor("$ touch a");
  expect(await serve.run(["answer", asked.request_id, "--approve"])).toMatchObject({ code: 0 });
  // The terminal's own dialog is gone, and the next one is there.
  await terminal.waitFor("$ touch b");
  expect(existsSync(`${work}/a`)).toBe(true);
  await waitFor(async () => (await inbox()).length === 1, { what: "it asks for the other" });
  await terminal.keys("y");
  await terminal.waitFor("Both are made.");
  await waitFor(async () => (await inbox()).length === 0, { what: "nothing is asked any more", saw: inbox });
  expect(existsSync(`${work}/b`)).toBe(true);

  const { pid = 0 } = await until("its process is known", ({ pid: known }) => known !== undefined);
  const server = await descendantRunning(pid, "app-server");
  // Codex ends at a second Ctrl-C if that comes soon after the first. On a busy machine it may come too late.
  const quit = async () => {
    await terminal.keys("C-c", "C-c");
    return await terminal.exit(5_000).then(
      () => true,
      () => false,
    );
  };
  await waitFor(quit, { what: "Codex ends" });
  expect(existsSync(`/proc/${server}`)).toBe(false);
});
