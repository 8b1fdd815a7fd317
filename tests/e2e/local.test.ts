// `cliai spawn --cli local`: the loop under its host. A model server whose answers the test writes, and the real llama.cpp.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fetchAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { startLlamaServer } from "../support/llama-server.ts";
import { startOpenaiChatServer } from "../support/openai-chat-server.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { stays, waitFor } from "../support/wait-for.ts";

const run = (line: string) => ({
  toolUses: [{ name: "run_command", input: { command: ["sh", "-c", line] } }],
});
const untilFile = (name: string) => `until [ -e ${name} ]; do sleep 0.1; done`;

async function spawnLocal(dir: TempDir, serve: RunningServe, url: string, task: string) {
  const work = dir.join("work");
  await mkdir(work, { recursive: true });
  const args = ["spawn", "local", "--headless", "--id", "ada", "--data-dir", serve.dataDir, "--task", task];
  const [program = "", ...words] = [...cliaiCommand(), ...args, "--model-server", url, "--model", "tiny"];
  const env = { PATH: process.env.PATH, HOME: dir.path, CLIAI_NO_START: "1" };
  return { work, child: await startChild(program, words, { cwd: work, env }) };
}

test("spawn local takes tasks, permissions and a pause, and a forced stop ends its command", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using model = await startOpenaiChatServer({
    rules: [
      { match: "LOOK-FIRST", once: true, turn: run(`${untilFile("go")}; ls > seen`) },
      { match: "THEN-THIS", turn: { text: "Then that." } },
      { match: "READ-IT", once: true, turn: { toolUses: [{ name: "list_files" }] } },
      { match: "SLEEP-LONG", turn: run("echo $$ > pid; sleep 600") },
    ],
    turns: [{ toolUses: [{ name: "report_status", input: { status: "working" } }] }, { text: "Hello." }],
    fallback: { text: "Read." },
  });
  const { work, child } = await spawnLocal(dir, serve, model.url, "say hello");
  await using spawned = child;
  await spawned.line("Hello.", { deadlineMs: 60_000 });
  const send = async (...order: string[]) => {
    const { code, stdout, stderr } = await serve.run(["send", ...order, "--timeout", "30"]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    return stdout;
  };
  const life = async (id: string) => lifeOf(await fetchAgent(serve, "ada"), id);
  const permission = async (detail: string) => {
    const asked = async () => {
      const { stdout } = await serve.run(["inbox", "--json"]);
      return (JSON.parse(stdout) as { request_id: string }[]).find((each) =>
        JSON.stringify(each).includes(detail),
      );
    };
    return (await waitFor(asked, { what: `the permission for ${detail}`, deadlineMs: 30_000 })).request_id;
  };

  // A task for an idle agent, and one that joins its turn before the model's next answer.
  await send("task", "ada", "LOOK-FIRST", "--id", "t-1");
  await serve.run(["answer", await permission("ls > seen"), "--approve"]);
  await send("task", "ada", "THEN-THIS", "--id", "t-2");
  await Bun.write(`${work}/go`, "");
  await spawned.line("Then that.", { deadlineMs: 30_000 });
  expect(existsSync(`${work}/seen`)).toBe(true);
  const seen = async () => (await life("t-2")).includes("seen");
  await waitFor(seen, { what: "the second task is seen", deadlineMs: 20_000, saw: () => life("t-2") });
  expect((await life("t-2")).slice(0, 4)).toEqual([...["stored", "delivered", "injected by acp", "seen"]]);

  // A pause holds a tool that needs no permission.
  await send("pause", "ada", "--id", "p-1");
  const before = model.requests.length;
  await send("task", "ada", "READ-IT", "--id", "t-3");
  await waitFor(async () => (await life("p-1")).some((state) => state.startsWith("applied")), {
    ...{ what: "the pause holds the tool", deadlineMs: 20_000 },
  });
  await stays(() => model.requests.length <= before + 1, {
    ...{ what: "the model is not asked again", because: "its tool is held", forMs: 1_000 },
  });
  await send("resume", "ada", "--id", "r-1", "--wait", "applied");
  await spawned.line("Read.", { deadlineMs: 30_000 });

  await send("task", "ada", "SLEEP-LONG", "--id", "t-4", "--wait", "seen");
  await serve.run(["answer", await permission("sleep 600"), "--approve"]);
  const pid = await waitFor(() => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim(), {
    ...{ what: "the command runs", deadlineMs: 20_000 },
  });
  await send("stop", "ada", "--force", "--wait", "applied");
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  await waitFor(async () => (await fetchAgent(serve, "ada")).axes.control.value === "stopped", {
    what: "it is stopped",
  });
}, 240_000);

test("spawn local --wait works on the real llama.cpp, and the tokens of its model are counted", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using llama = await startLlamaServer({ context: 2_048 });
  const args = ["spawn", "local", "List the files.", "--wait", "--id", "ada", "--model-server", llama.url];
  const { code } = await serve.run(
    [...args, "--timeout", "330", "--", "--max-steps", "1", "--context", "1800"],
    {
      ...{ cwd: dir.path, deadlineMs: 350_000 },
    },
  );
  expect([0, 1]).toContain(code ?? -1); // done, or as far as the model came with one answer
  const agent = await fetchAgent(serve, "ada");
  expect(JSON.stringify(agent)).toMatch(/"tokens_used":[1-9]\d\d/);
}, 360_000);

test.each([
  [
    ["--cli", "local"],
    "local needs a model server, and none is named",
    "--model-server http://127.0.0.1:8080",
  ],
  [["--cli", "local", "--model-server", "gpu"], '--model-server "gpu" is not a URL', "http://127.0.0.1:8080"],
  [
    ["--cli", "copilot", "--model-server", "http://gpu"],
    "--model-server http://gpu is given, but cliai cannot give a model server to copilot",
    "--cli local",
  ],
])("spawn %p says what is wrong with its model server", async (args, message, hint) => {
  await using dir = await tempDir();
  const spawned = await runCliai([
    "spawn",
    ...args,
    "--headless",
    "--task",
    "x",
    "--data-dir",
    dir.path,
    "--url",
    "nats://127.0.0.1:9",
  ]);
  expect(spawned.code).toBe(2);
  expect(spawned.stderr).toContain(message);
  expect(spawned.stderr).toContain(hint);
});
