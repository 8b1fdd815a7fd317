// `cliai spawn` with the real Codex, offline: a permission, a crash, and its session resumed. What every agent CLI must do is in tests/clis.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { type Child, startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { prepareCodex } from "../support/codex-cli.ts";
import { type ResponsesScript, startOpenaiResponsesServer } from "../support/openai-responses-server.ts";
import { descendantRunning } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const shell = (cmd: string, more: object = {}) => ({
  toolUses: [{ name: "exec_command", input: { cmd, yield_time_ms: 30_000, ...more } }],
});

interface Spawned extends AsyncDisposable {
  readonly work: string;
  readonly codexHome: string;
  readonly child: Child;
  spawn(...args: readonly string[]): Promise<Child>;
  until(what: string, fits: (agent: ShownAgent) => boolean): Promise<void>;
}

/** Codex as the agent ada, without its sandbox, which not every machine can make. */
async function spawnCodex(
  serve: RunningServe,
  script: ResponsesScript,
  args: readonly string[] = [],
): Promise<Spawned> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const model = parts.use(await startOpenaiResponsesServer(script));
  const { work, codexHome, env } = await prepareCodex(dir, model, {
    config: ['sandbox_mode = "danger-full-access"'],
  });
  const spawn = async (...more: readonly string[]) => {
    const own = ["spawn", "codex", "--headless", "--id", "ada", "--data-dir", serve.dataDir, ...more];
    const [program = "", ...words] = [...cliaiCommand(), ...own];
    return await startChild(program, words, { cwd: work, env: { ...env, CLIAI_NO_START: "1" } });
  };
  const child = parts.use(await spawn(...args));
  const running = parts.move();
  return {
    ...{ work, codexHome, child, spawn },
    async until(what, fits) {
      let last: ShownAgent | undefined;
      const look = async () => {
        last = await fetchAgent(serve, "ada").catch(() => last);
        return last !== undefined && fits(last);
      };
      await waitFor(look, { what, saw: () => last });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

test("a permission of Codex is given in the inbox; a killed Codex reads crashed, and its session is resumed by its id", async () => {
  await using serve = await startServe();
  const escalated = { sandbox_permissions: "require_escalated", justification: "as asked" };
  await using ada = await spawnCodex(
    serve,
    {
      rules: [
        { match: "make a file", once: true, turn: shell("touch made", escalated) },
        { match: "what was it?", turn: { text: "It was a file." } },
      ],
    },
    ["--task", "make a file", "--", "-c", 'sandbox_mode="read-only"'],
  );
  const item = await waitFor(async () => JSON.parse((await serve.run(["inbox", "--json"])).stdout)[0], {
    what: "it asks",
  });
  expect(item).toMatchObject({ agent_id: "ada", kind: "permission" });
  expect(JSON.stringify(item)).toContain("touch made");
  expect(existsSync(`${ada.work}/made`)).toBe(false);
  expect(await serve.run(["answer", item.request_id, "--approve"])).toMatchObject({ code: 0 });
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(existsSync(`${ada.work}/made`)).toBe(true);

  const { session_id } = await fetchAgent(serve, "ada");
  process.kill(await descendantRunning(ada.child.pid, "app-server"), "SIGKILL");
  await ada.until("it has crashed", ({ axes }) => JSON.stringify(axes).includes("crashed: SIGKILL"));
  await using again = await ada.spawn("--resume", session_id ?? "", "--task", "what was it?");
  await again.line("It was a file.");
  expect((await fetchAgent(serve, "ada")).session_id).toBe(session_id ?? "");
});
