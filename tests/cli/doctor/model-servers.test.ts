import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { checkModelServers } from "../../../src/cli/doctor/model-servers.ts";
import type { ModelServer } from "../../../src/domain/fleet/shown/model-servers.ts";
import { modelServerName } from "../../../src/domain/model-queue/server-name.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { testContext } from "../../support/cli-context.ts";
import {
  chatCall,
  chatStream,
  llamaRoutes,
  ollamaCall,
  ollamaRoutes,
  ollamaStream,
  startModelEndpoint,
} from "../../support/model-endpoint.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** The checks where the person's own profiles are these. */
async function check(
  profiles: object,
  env: Readonly<Record<string, string>> = {},
  inUse: readonly ModelServer[] = [],
) {
  await using dir = await tempDir();
  await mkdir(dir.join("data"));
  await writeFile(dir.join("data/profiles.json"), JSON.stringify(profiles));
  return await checkModelServers(dir.join("data"), inUse, testContext({ env, cwd: dir.path }));
}

const on = (url: string, more: object = {}) => ({ cli: "local", model_server: { url, ...more } });
const hello = { [chatCall]: chatStream({ text: "Hello." }) };

test("checkModelServers() asks nothing where no profile names a server", async () => {
  expect(await check({ mine: { cli: "local" } })).toEqual([]);
});

test("checkModelServers() tells what a server is, how it calls tools, and how fast it is; each server once", async () => {
  await using server = await startModelEndpoint({ ...llamaRoutes({ hasTools: false }), ...hello });
  const [first, ...more] = await check({ one: on(server.url), two: on(server.url) });
  expect(more).toEqual([]);
  expect(first?.message).toMatch(
    /\(profiles one, two\): llama\.cpp, tiny\.gguf, 8192 tokens of context, 1 slot, calls by schema, .*; its first word came after \d+\.\d s, then 20 tokens\/s$/,
  );
  expect(server.chats).toHaveLength(1);
  expect(server.chats[0]?.body).not.toHaveProperty("response_format");
});

test("checkModelServers() counts the agents that share a server's slots", async () => {
  await using server = await startModelEndpoint({ ...llamaRoutes(), ...hello });
  const id = parseAgentId;
  const use = { server: modelServerName(server.url, hostname()), models: [], slots: 1 };
  const one = { ...use, running: [], waiting: [], idle: [id("ada")] };
  const waits = { agent_id: id("bob"), state: "waiting", place: 1 } as const;
  const runs = { agent_id: id("bob"), state: "working" } as const;
  const several = { ...one, running: [runs], waiting: [waits, { ...waits, agent_id: id("cleo"), place: 2 }] };
  const words = async (inUse: readonly ModelServer[]) =>
    (await check({ mine: on(server.url) }, {}, inUse))[0]?.message.match(/1 slot.*(?=, native calls)/)?.[0];
  expect(await words([])).toBe("1 slot");
  expect(await words([one])).toBe("1 slot for 1 agent");
  expect(await words([{ ...several, server: "gpu:8080" }, several])).toBe(
    "1 slot for 3 agents, which take turns",
  );
});

test("checkModelServers() tells Ollama's real context, which it has once the model is loaded", async () => {
  await using server = await startModelEndpoint({
    ...ollamaRoutes({ loaded: 2_048 }),
    [ollamaCall]: ollamaStream({ text: "Hello." }),
  });
  expect(await check({ mine: on(server.url) })).toMatchObject([
    {
      ok: false,
      message: expect.stringContaining("the context of 2048 tokens at"),
      remedy: expect.stringContaining("OLLAMA_CONTEXT_LENGTH=8192"),
    },
  ]);
});

test("checkModelServers() tells Ollama's own figure of its speed", async () => {
  await using server = await startModelEndpoint({
    ...ollamaRoutes({ loaded: 8_192 }),
    [ollamaCall]: ollamaStream({ text: "Hello." }),
  });
  expect((await check({ mine: on(server.url) }))[0]?.message).toEndWith("s, then 20 tokens/s");
});

test("checkModelServers() measures the speed of a server that does not tell it", async () => {
  const wordOf = (content: string) => ({
    index: 0,
    delta: { role: "assistant", content },
    finish_reason: null,
  });
  const chunks = [
    ...["Hello", "!", " How", " can", " I", " help"].map((word) => ({ choices: [wordOf(word)] })),
    { choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: "stop" }] },
    { choices: [], usage: { prompt_tokens: 33, completion_tokens: 7, total_tokens: 40 } },
  ];
  const stream = `${chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("")}data: [DONE]\n\n`;
  await using server = await startModelEndpoint({
    "GET /v1/models": { json: { data: [{ id: "org/big", max_model_len: 8_192 }] } },
    [chatCall]: { stream },
  });
  const [only] = await check({ mine: on(server.url) });
  expect(only?.message).toMatch(/its first word came after \d+\.\d s, then [1-9]\d* tokens\/s$/);
});

test("checkModelServers() judges a server by the CLI that is to work on it", async () => {
  const routes = { ...hello, "POST /v1/messages": { status: 400, json: {} } };
  await using server = await startModelEndpoint({ ...llamaRoutes({ context: 8_192 }), ...routes });
  await using bare = await startModelEndpoint({ ...llamaRoutes({ hasTools: false }), ...routes });
  const checks = await check({
    slim: { model_server: { url: server.url } },
    full: { model_server: { url: server.url, slim: false } },
    bare: { model_server: { url: bare.url } },
    other: { cli: "copilot", model_server: { url: server.url } },
  });
  expect(checks.map(({ ok, message }) => [ok, message])).toEqual([
    [true, expect.stringContaining("claude gets few tools and short instructions")],
    [false, expect.stringContaining("is too small for claude")],
    [false, expect.stringContaining("has no tools, so claude could not use any")],
    [false, expect.stringContaining("cliai cannot give a model server to copilot")],
  ]);
});

test("checkModelServers() has a remedy for a server that loads, lacks the model, wants a key, or is not there", async () => {
  const loading = { status: 503, json: { error: { message: "Loading model" } } };
  await using busy = await startModelEndpoint({ "GET /props": loading });
  await using other = await startModelEndpoint({ ...llamaRoutes(), ...hello });
  const gone = await goneUrl();
  const checks = await check({
    loads: on(busy.url),
    lacks: on(other.url, { model: "huge" }),
    locked: on(other.url, { key_from: "NO_SUCH_KEY" }),
    gone: on(gone),
  });
  expect(checks.map(({ ok, message, remedy }) => [ok, message, remedy])).toEqual([
    [
      false,
      expect.stringContaining("(profile loads): the model server"),
      expect.stringContaining("wait until it has loaded"),
    ],
    [false, expect.stringContaining('has no model "huge"'), "it has tiny.gguf"],
    [false, expect.stringContaining("the variable NO_SUCH_KEY"), expect.stringContaining("set it")],
    [
      false,
      expect.stringContaining(`no model server answers at ${gone}`),
      expect.stringContaining("llama-server"),
    ],
  ]);
});

/** The address of a server that has ended. */
async function goneUrl(): Promise<string> {
  await using server = await startModelEndpoint({});
  return server.url;
}
