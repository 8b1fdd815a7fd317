// A window that is closed, or whose user has answered: what an agent waits for is never a dead end, and is shown only while it waits. With
// the real Claude Code on a terminal.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { acceptDialog, bash, startSteered } from "../support/steered-claude.ts";
import { startTmux } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

const claudeArgs = ["--permission-mode", "default"];
const question = "Do you want to proceed?";

async function answerNext(serve: RunningServe): Promise<void> {
  const next = async () =>
    (JSON.parse((await serve.run(["inbox", "--json"])).stdout) as { request_id: string }[])[0];
  const { request_id } = await waitFor(next, { what: "a request in the inbox" });
  expect(await serve.run(["answer", request_id, "--approve"])).toMatchObject({ code: 0 });
}

test("a dialog that stands when its window closes is asked in the inbox, so is the next one, and the session can be opened in another window", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      { match: "make one", once: true, turn: bash("touch one.txt") },
      { match: "make two", once: true, turn: bash("touch two.txt") },
    ],
    fallback: { text: "Done." },
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs, outlivesTerminal: true });
  await ada.terminal.enter("make one");
  await ada.terminal.waitFor(question);
  await ada.until("it asks at its terminal", ({ axes }) => axes.attention.value === "approval");
  expect((await serve.run(["inbox", "--json"])).stdout).toBe("[]\n");
  await ada.terminal.close();
  const waiting = serve.run(["wait", "ada", "--timeout", "60"], { deadlineMs: 70_000 });
  await answerNext(serve);
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(existsSync(join(ada.cwd, "one.txt"))).toBe(true);
  expect(await waiting).toMatchObject({ code: 0, stdout: "ada  done\n" });

  await serve.run(["send", "task", "ada", "make two"]);
  await answerNext(serve);
  await ada.until(
    "it has done so",
    ({ status }) => status === "idle" && existsSync(join(ada.cwd, "two.txt")),
  );

  const runs = await serve.run(["resume", "ada"]);
  expect(runs.stdout).toContain("its window is closed");
  expect(runs.stdout).toContain("cliai resume ada --terminal");
  const commandLine = [...cliaiCommand(), "resume", "ada", "--terminal", "--data-dir", serve.dataDir];
  const { cwd, env } = ada;
  await using window = await startTmux({ dir: ada.dir.join("home"), cwd, env, commandLine });
  await window.waitFor("make two");
  const back = await ada.until(
    "it is back",
    ({ status, axes }) => status === "idle" && axes.link.value === "online",
  );
  expect(back).not.toHaveProperty("heartbeat.terminal_closed");
});

test("a permission that is given at the terminal waits no more while its tool runs, and is in the log, with what was said before", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      {
        match: "run it",
        once: true,
        turn: {
          ...bash("touch runs; until [ -e stop ]; do sleep 0.2; done; touch a.txt"),
          text: "I run it.",
        },
      },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs });
  await ada.terminal.enter("run it");
  await ada.terminal.waitFor(question);
  await ada.until("it waits", ({ axes }) => axes.attention.value === "approval");
  await acceptDialog(ada.terminal, question, () => existsSync(join(ada.cwd, "runs")));
  const works = await ada.until(
    "it works",
    ({ axes, status }) => status === "working" && axes.attention.value === "none",
  );
  expect(works.axes.activity.reason).toBe("runs Bash");
  expect((await serve.run(["log", "ada"])).stdout).toMatch(
    /said {8}I run it\.\n.*answered {4}Bash: allowed\n/s,
  );
});
