// `cliai spawn` with the real OpenCode, offline: a task, and a stop in the middle of a tool.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { opencodeModes } from "../../src/agents/opencode/opencode-abilities.ts";
import { fetchAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { prepareOpencode } from "../support/opencode-cli.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("spawn opencode --headless works on a task, and a forced stop ends it and its command", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  const command = { command: "echo $$ > pid; sleep 600", description: "d" };
  await using model = await startOpenaiChatServer({
    turns: [{ text: "Hello." }, { toolUses: [{ name: "bash", input: command }] }],
  });
  const { work, env } = await prepareOpencode(dir, model);
  const args = ["spawn", "opencode", "--headless", "--id", "ada", "--data-dir", serve.dataDir];
  const [program = "", ...words] = [...cliaiCommand(), ...args, "--task", "say hello"];
  await using spawned = await startChild(program, words, { cwd: work, env: { ...env, CLIAI_NO_START: "1" } });
  await spawned.line("Hello.", { deadlineMs: 40_000 });

  const { abilities } = JSON.parse((await serve.run(["show", "ada", "--json"])).stdout);
  expect(abilities).toEqual(opencodeModes.headless);
  expect((await serve.run(["show", "ada"])).stdout).toContain(
    "  opencode 1.18.33, headless: all but cost (partly",
  );

  const sent = await serve.run([
    "send",
    "task",
    "ada",
    "sleep",
    "--id",
    "t-1",
    "--wait",
    "seen",
    "--timeout",
    "30",
  ]);
  expect(sent.code).toBe(0);
  const pidFile = `${work}/pid`;
  const pid = Number(
    await waitFor(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim(), {
      ...{ what: "the command runs", deadlineMs: 20_000 },
    }),
  );
  const stopped = await serve.run(["send", "stop", "ada", "--force", "--wait", "applied", "--timeout", "30"]);
  expect(stopped.code).toBe(0);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(lifeOf(await fetchAgent(serve, "ada"), "t-1").slice(0, 4)).toEqual([
    ...["stored", "delivered", "injected by http-api", "seen"],
  ]);
}, 120_000);
