// `cliai spawn --model-server` with agent CLIs of others: the real Claude Code on a scripted server, and on the real llama.cpp.
import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { prepareQwen } from "../support/acp-clis.ts";
import { fetchAgent } from "../support/bridges.ts";
import { prepareClaude } from "../support/claude-code.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { prepareCodex } from "../support/codex-cli.ts";
import { startLlamaServer } from "../support/llama-server.ts";
import { buildMessage, messageEvents, type Turn } from "../support/model-answer.ts";
import {
  chatCall,
  chatStream,
  type EndpointRoute,
  llamaRoutes,
  startModelEndpoint,
} from "../support/model-endpoint.ts";
import { responseEvents } from "../support/openai-responses-answer.ts";
import { prepareOpencode } from "../support/opencode-cli.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Nothing answers there. */
const otherService = { url: "http://127.0.0.1:9" };

const says =
  (turn: Turn): EndpointRoute =>
  ({ body }) => {
    if (body.messages === undefined) return { status: 400, json: { error: { message: "no messages" } } };
    const events = [...messageEvents(buildMessage(turn, body.model))];
    return {
      stream: events.map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join(""),
    };
  };

test("spawn has Claude Code work on the model server of its profile: slim, with the server's key alone, and without a cost", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using server = await startModelEndpoint({
    ...llamaRoutes({ context: 8_192 }),
    "POST /v1/messages": says({ text: "Here is the list." }),
  });
  const { work, env } = await prepareClaude(dir, otherService);
  const model_server = { url: server.url, key_from: "GPU_KEY", max_steps: 3 };
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { small: { model_server } } }));
  const args = ["spawn", "small", "List the files.", "--wait", "--id", "ada", "--config", config];
  const own = { ...env, GPU_KEY: "key-of-the-gpu", HTTP_PROXY: "http://127.0.0.1:9" };
  const run = await serve.run(args, { cwd: work, env: own });
  expect([run.code, run.stdout.trim()]).toEqual([0, "Here is the list."]);
  expect(run.stderr).toContain("claude gets few tools and short instructions");

  const asked = server.requests.filter(({ call, body }) => call === "POST /v1/messages" && body.messages);
  expect(asked.length).toBeGreaterThan(0);
  for (const { headers, body } of asked) {
    expect(headers.authorization).toBe("Bearer key-of-the-gpu");
    expect(headers["x-api-key"]).toBeUndefined();
    expect(body).toMatchObject({ model: "tiny.gguf", max_tokens: 2_048 });
    const names = body.tools.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["Read", "Bash", "mcp__cliai__report_status"]));
    expect(names).not.toContain("WebFetch");
  }
  const { usage } = await fetchAgent(serve, "ada");
  expect(usage).toMatchObject({ model: "tiny.gguf", tokens_used: expect.any(Number) });
  expect(usage?.estimated_cost).toBeUndefined();
  const launched = await readFile(`${serve.dataDir}/agents/ada/launched-as.json`, "utf8");
  expect(launched).not.toContain("key-of-the-gpu");
});

const openaiModels = { data: [{ id: "tiny", object: "model", max_model_len: 65_536 }] };

test("spawn has Codex, OpenCode and Qwen Code work on a model server, each by the API that it asks for, with the server's key", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using server = await startModelEndpoint({
    "GET /v1/models": { json: openaiModels },
    "POST /v1/responses": ({ body }) => {
      if (body.input === undefined) return { status: 400, json: {} };
      const events = [...responseEvents({ text: "Here I am." }, body.model)];
      return {
        stream: events.map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join(""),
      };
    },
    [chatCall]: chatStream({ text: "Here I am." }),
  });
  const dead = { url: `${otherService.url}/v1` };
  const run = async (
    cli: string,
    { work, env }: { readonly work: string; readonly env: Record<string, string> },
  ) => {
    const config = dir.join(`${cli}.json`);
    const model_server = { url: server.url, key_from: "GPU_KEY" };
    await writeFile(config, JSON.stringify({ agents: { own: { cli, model_server } } }));
    const args = [
      "spawn",
      "own",
      "Say hello.",
      "--wait",
      "--id",
      cli,
      "--config",
      config,
      "--timeout",
      "110",
    ];
    const own = { ...env, GPU_KEY: "key-of-the-gpu", HTTP_PROXY: otherService.url };
    const { code, stdout } = await serve.run(args, { cwd: work, env: own, deadlineMs: 120_000 });
    const { usage } = await fetchAgent(serve, cli);
    expect(usage).toMatchObject({ model: "tiny" });
    expect(usage?.context_window).toBeLessThanOrEqual(65_536);
    expect(usage?.estimated_cost).toBeUndefined();
    return [code, stdout.trim()];
  };
  const codex = await prepareCodex({ join: (...parts) => dir.join("codex", ...parts) }, dead);
  const qwen = await prepareQwen({ join: (...parts) => dir.join("qwen", ...parts) }, dead);
  const opencode = await prepareOpencode({ join: (...parts) => dir.join("opencode", ...parts) }, dead);
  const all = await Promise.all([run("codex", codex), run("opencode", opencode), run("qwen", qwen)]);
  for (const each of all) expect(each).toEqual([0, "Here I am."]);
  const asked = server.requests.filter(
    ({ body }) => body?.input !== undefined || body?.messages !== undefined,
  );
  expect(asked.length).toBeGreaterThan(2);
  for (const { headers, body } of asked) {
    expect([headers.authorization, body.model]).toEqual(["Bearer key-of-the-gpu", "tiny"]);
  }
});

test("Claude Code takes one turn on the real llama.cpp, and its tokens are counted", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using llama = await startLlamaServer({ context: 8_192, hasTools: true });
  const { work, env } = await prepareClaude(dir, otherService);
  const config = dir.join("config.json");
  const small = {
    model_server: { url: llama.url, max_steps: 1 },
    env: { CLAUDE_CODE_MAX_OUTPUT_TOKENS: "32" },
  };
  await writeFile(config, JSON.stringify({ agents: { small } }));
  const args = ["spawn", "small", "Say hello.", "--wait", "--id", "ada", "--config", config];
  // Without a GPU, most of the time goes to reading the tools.
  const fewTools = ["--", "--disallowedTools", "mcp__cliai", "Bash", "Edit", "Write"];
  const { code } = await serve.run([...args, "--timeout", "330", ...fewTools], {
    ...{ cwd: work, env, deadlineMs: 350_000 },
  });
  expect([0, 1]).toContain(code ?? -1); // done, or as far as the model came with one answer
  expect(JSON.stringify(await fetchAgent(serve, "ada"))).toMatch(/"tokens_used":[1-9]\d{2}/);
}, 360_000);

test.each([
  [llamaRoutes({ context: 2_048 }), "the context of 2048 tokens", "--ctx-size"],
  [llamaRoutes({ hasTools: false }), "the chat template of tiny.gguf", "--cli local"],
  [llamaRoutes({ model: "/models/other.gguf" }), 'has no model "tiny"', "it has other.gguf"],
])("spawn says before the launch what is wrong with a model server (%#)", async (routes, message, hint) => {
  await using dir = await tempDir();
  await using server = await startModelEndpoint({ ...routes, "POST /v1/messages": says({}) });
  const where = ["--dry-run", "--data-dir", dir.path, "--url", "nats://127.0.0.1:9"];
  const run = await runCliai(["spawn", "demo", "--model-server", server.url, "--model", "tiny", ...where]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain(message);
  expect(run.stderr.split("\n").find((line) => line.startsWith("hint: "))).toContain(hint);
});
