// `cliai loop` as an ACP client starts it: with the real llama.cpp, and with what a person can get wrong.
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { type AcpTestClient, connectAcpClient, type PermissionAnswer } from "../support/acp-client.ts";
import { cliaiCommand, runCliai } from "../support/cliai.ts";
import { startLlamaServer } from "../support/llama-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

interface LoopProgram extends AsyncDisposable {
  readonly client: AcpTestClient;
  readonly session: string;
  /** Resolves with its exit code once the client has closed its input. */
  end(): Promise<number>;
}

async function startLoop(
  dir: TempDir,
  url: string,
  args: readonly string[] = [],
  answer?: PermissionAnswer,
): Promise<LoopProgram> {
  const [program, ...first] = cliaiCommand();
  const words = [...first, "loop", "--model-server", url, "--data-dir", dir.join("data"), ...args];
  const child = spawn(program, words, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, HOME: dir.path },
  });
  const exited = once(child, "exit").then(([code]) => code as number);
  const client = await connectAcpClient(child, answer);
  await mkdir(dir.join("work"), { recursive: true });
  const session = await client.open(dir.join("work"));
  return {
    ...{ client, session },
    async end() {
      child.stdin.end();
      return await exited;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

test("cliai loop works on the real llama.cpp: every answer is a call, or words; its client hangs up and it ends", async () => {
  await using dir = await tempDir();
  await using llama = await startLlamaServer();
  await using loop = await startLoop(dir, llama.url, ["--max-steps", "2", "--context", "800"]);
  const end = await loop.client.prompt(loop.session, "List the files.");
  expect(["end_turn", "max_turn_requests"]).toContain(end.stopReason);
  expect(loop.client.calls().length + loop.client.said().length).toBeGreaterThan(0);
  const used = loop.client.updates.find((update) => update.sessionUpdate === "usage_update");
  expect(used).toMatchObject({ size: 800 });
  expect(used?.used).toBeGreaterThan(100);
  expect(await loop.end()).toBe(0);
});

test("cliai loop frees the slot of the real llama.cpp when it is cancelled, and says in words that the server was killed", async () => {
  await using dir = await tempDir();
  await using llama = await startLlamaServer();
  await using loop = await startLoop(dir, llama.url, ["--max-steps", "50"]);
  const isBusy = async () => {
    const slots = (await (await fetch(`${llama.url}/slots`)).json()) as { is_processing: boolean }[];
    return slots.some((slot) => slot.is_processing);
  };
  const turn = loop.client.prompt(loop.session, "Write a long story about a farm, and keep it in story.txt.");
  await until("the server works", isBusy);
  await loop.client.cancel(loop.session);
  expect((await turn).stopReason).toBe("cancelled");
  await until("the server is free", async () => !(await isBusy()));

  const second = loop.client.prompt(loop.session, "Write it again.");
  await until("the server works again", isBusy);
  await llama.kill();
  await until("the wait is told", () => loop.client.thought().includes("does not answer"));
  await loop.client.cancel(loop.session);
  expect((await second).stopReason).toBe("cancelled");
});

test("cliai loop has a context that is too small for its tools told in words, with the remedy", async () => {
  await using dir = await tempDir();
  await using llama = await startLlamaServer({ context: 256 });
  await using loop = await startLoop(dir, llama.url);
  await expect(loop.client.prompt(loop.session, "List the files.")).rejects.toThrow(
    /the model's context of 256 tokens is too small: .* need about \d+\nhint: .*--ctx-size/,
  );
});

test.each([
  [[], 2, "loop needs the address of a model server", "cliai loop --model-server http://127.0.0.1:8080"],
  [["--model-server", "localhost:8080"], 2, '--model-server "localhost:8080" is not a URL', "http://"],
  [["--model-server", "http://m", "--calls", "nativ"], 2, '--calls "nativ" is not known', "native"],
  [["--model-server", "http://m", "--keep-alive", "soon"], 2, "--keep-alive must be a duration", "30m"],
  [["--model-server", "http://me:pw@m"], 2, "--model-server http://***@m holds a user", "key_from"],
  [["--model-server", "http://m", "--context", "8k"], 2, "--context must be a whole number", "--context"],
  [["--model-server", "http://m", "--key-from", "NO_SUCH"], 2, "the variable NO_SUCH", "set it"],
  [
    ["--model-server", "http://m", "--instructions", "none.md"],
    2,
    "cannot read --instructions none.md",
    "file",
  ],
])("cliai loop %p says what is wrong", async (args, code, message, hint) => {
  const run = await runCliai(["loop", ...args], { input: "" });
  expect(run.code).toBe(code);
  expect(run.stdout).toBe("");
  const [first = "", second = ""] = run.stderr.split("\n");
  expect(first).toContain(message);
  expect(second).toStartWith("hint: ");
  expect(second).toContain(hint);
});
