// `cliai spawn --cli local`: the loop under its host. A model server whose answers the test writes, and the real llama.cpp.
import { expect, test } from "bun:test";
import type { ModelRequestEvidence } from "../../src/domain/fleet/agent-record.ts";
import { fetchAgent } from "../support/bridges.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { startLlamaServer } from "../support/llama-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

type AtServer = { readonly heartbeat?: { readonly model_request?: ModelRequestEvidence } };

test("spawn local --wait works on the real llama.cpp; the progress of its prompt is shown, and its tokens are counted", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using llama = await startLlamaServer({ context: 2_048 });
  const args = ["spawn", "local", "List the files.", "--wait", "--id", "ada", "--model-server", llama.url];
  const running = serve.run([...args, "--timeout", "330", "--", "--max-steps", "1", "--context", "1800"], {
    ...{ cwd: dir.path, deadlineMs: 350_000 },
  });
  const request = async () =>
    ((await fetchAgent(serve, "ada").catch(() => undefined)) as AtServer | undefined)?.heartbeat
      ?.model_request;
  await waitFor(async () => ((await request())?.prompt_tokens ?? 0) > 100, {
    ...{ what: "how far the server has read the prompt", deadlineMs: 300_000, intervalMs: 100, saw: request },
  });
  const { code } = await running;
  expect([0, 1]).toContain(code ?? -1); // done, or as far as the model came with one answer
  const agent = await fetchAgent(serve, "ada");
  expect(JSON.stringify(agent)).toMatch(/"tokens_used":[1-9]\d\d/);
  // llama.cpp calls it by the path of its file.
  expect((await request())?.model).toBe("SmolLM2-135M-Instruct.Q4_1.gguf");
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
