import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { AgentCli } from "../../../src/agents/agent-cli.ts";
import { claude } from "../../../src/agents/claude/claude.ts";
import { local } from "../../../src/agents/local/local.ts";
import { meetModelServer } from "../../../src/cli/model-server/meet.ts";
import { ModelServerSchema } from "../../../src/domain/model-server.ts";
import {
  type EndpointRoute,
  llamaRoutes,
  type ModelEndpoint,
  ollamaRoutes,
  startModelEndpoint,
} from "../../support/model-endpoint.ts";

const messages = { "POST /v1/messages": { status: 400, json: { error: { message: "model is required" } } } };
const cli: AgentCli = {
  ...claude,
  modelServer: { api: "/v1/messages", ownTokens: { full: 12_000, slim: 3_000 } },
};
const patience = { firstMs: 0, awayMs: 0, busyMs: 0, silentMs: 1_000 };

interface Met {
  readonly server: Partial<Awaited<ReturnType<typeof meetModelServer>>>;
  readonly notes: readonly string[];
}

async function meet(
  { url }: Pick<ModelEndpoint, "url">,
  given: object = {},
  more: { readonly model?: string; readonly env?: Record<string, string> } = {},
  asking = cli,
): Promise<Met> {
  const notes: string[] = [];
  const options = { model: more.model, env: more.env ?? {}, note: (line: string) => void notes.push(line) };
  const settings = v.parse(ModelServerSchema, { url, ...given });
  return { server: await meetModelServer(settings, asking, options, patience), notes };
}

const llama = (options?: Parameters<typeof llamaRoutes>[0], more: Record<string, EndpointRoute> = messages) =>
  startModelEndpoint({ ...llamaRoutes(options), ...more });

describe("meetModelServer()", () => {
  test("gives the CLI the server's model, context and key", async () => {
    await using server = await llama({ context: 32_768 });
    const met = await meet(server, { key_from: "GPU_KEY" }, { model: "tiny", env: { GPU_KEY: "secret" } });
    expect(met.server).toMatchObject({ model: "tiny.gguf", context: 32_768, key: "secret", isSlim: false });
    expect(met.notes).toEqual([]);
    expect(server.requests[0]?.headers.authorization).toBe("Bearer secret");
  });

  test("chooses the slim form where the context is too small for all, and says so; or where it is wanted", async () => {
    await using small = await llama({ context: 8_192 });
    const met = await meet(small);
    expect(met.server.isSlim).toBe(true);
    expect(met.notes).toEqual([
      expect.stringMatching(/few tools .* needs a context of about 16000 .* has 8192$/),
    ]);
    await using large = await llama({ context: 65_536 });
    const wanted = await meet(large, { slim: true });
    expect([wanted.server.isSlim, wanted.notes]).toEqual([true, []]);
  });

  test.each([
    [
      { context: 3_999 },
      {},
      /^the context of 3999 tokens at .* sends about 3,000 tokens before your task$/,
      "--ctx-size 8192",
    ],
    [
      { context: 8_192 },
      { slim: false },
      /^the context of 8192 tokens at .* sends about 12,000 tokens before/,
      '"slim": false',
    ],
    [{ context: 32_768 }, { context: 2_000 }, /^the context of 2000 tokens/, "--cli local"],
    [
      { hasTools: false },
      {},
      /^the chat template of tiny\.gguf at .* has no tools, so claude could not/,
      "--cli local",
    ],
  ])(
    "refuses a model on which the CLI cannot work, with the remedy (%#)",
    async (options, given, message, hint) => {
      await using server = await llama(options);
      await expect(meet(server, given)).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(message),
        hint: expect.stringContaining(hint),
      });
    },
  );

  test("refuses a model that the server lacks, with those that it has, and a server without the CLI's API", async () => {
    await using server = await llama({}, {});
    await expect(meet(server, {}, { model: "huge" })).rejects.toMatchObject({
      message: `the model server at ${server.url} has no /v1/messages`,
      hint: expect.stringContaining("--cli local"),
    });
    await using other = await llama();
    await expect(meet(other, {}, { model: "huge" })).rejects.toMatchObject({
      message: `the model server at ${other.url} has no model "huge"`,
      hint: "it has tiny.gguf",
    });
  });

  test("says that no server is there, that it still loads, and that it wants a key", async () => {
    const gone = { url: await goneUrl() };
    await expect(meet(gone)).rejects.toMatchObject({
      code: "no_answer",
      message: expect.stringContaining(`no model server answers at ${gone.url}`),
      hint: expect.stringContaining("llama-server"),
    });
    await using loading = await startModelEndpoint({
      "GET /props": { status: 503, json: { error: { message: "Loading model" } } },
    });
    await expect(meet(loading)).rejects.toMatchObject({
      code: "no_answer",
      message: expect.stringContaining("is not ready (it loads its model)"),
      hint: expect.stringContaining("wait until it has loaded"),
    });
    await using locked = await startModelEndpoint({ "GET /props": { status: 401, json: {} } });
    await expect(meet(locked)).rejects.toMatchObject({ code: "refused" });
  });

  test("has Ollama load the model, because only then its context is known, and keep it for the wanted time", async () => {
    let isLoaded = false;
    const load: EndpointRoute = () => {
      isLoaded = true;
      return { json: { done: true } };
    };
    const ps: EndpointRoute = () => ({
      json: { models: isLoaded ? [{ name: "qwen:latest", context_length: 4_096 }] : [] },
    });
    const routes = { ...ollamaRoutes(), ...messages, "POST /api/generate": load, "GET /api/ps": ps };
    await using server = await startModelEndpoint(routes);
    const met = await meet(server, { model: "qwen" });
    expect(met.server).toMatchObject({ model: "qwen:latest", context: 4_096, isSlim: true });
    expect(met.notes).toContain("Ollama loads qwen:latest");
    const loads = () => server.requests.filter(({ call }) => call === "POST /api/generate");
    expect(loads().map(({ body }) => body)).toEqual([{ model: "qwen:latest", stream: false }]);
    await meet(server, { model: "qwen", keep_alive: "-1" });
    expect(loads().at(-1)?.body).toEqual({ model: "qwen:latest", stream: false, keep_alive: -1 });
  });

  test("takes a server that has nothing but /v1/messages, by its kind", async () => {
    await using server = await startModelEndpoint(messages);
    const met = await meet(server, { kind: "anthropic", model: "gateway-model", context: 100_000 });
    expect(met.server).toMatchObject({ model: "gateway-model", context: 100_000, isSlim: false });
  });

  test("says what an agent of this CLI lacks on a server of that kind", async () => {
    const lacks = { "llama.cpp": "it leaves out some tools" };
    const use = { ...cli.modelServer, lacks };
    await using server = await llama({ context: 32_768 });
    expect((await meet(server, {}, {}, { ...cli, modelServer: use })).notes).toEqual([
      "claude: it leaves out some tools",
    ]);
    await using other = await startModelEndpoint({ ...ollamaRoutes({ loaded: 32_768 }), ...messages });
    expect((await meet(other, {}, {}, { ...cli, modelServer: use })).notes).toEqual([]);
  });

  test("asks nothing for cliai's own loop, which looks at the server by itself", async () => {
    const settings = v.parse(ModelServerSchema, { url: "http://127.0.0.1:9", calls: "schema" });
    const options = { model: "tiny", env: {}, note: () => undefined };
    expect(await meetModelServer(settings, local, options)).toEqual({ ...settings, model: "tiny" });
  });
});

/** The address of a server that has ended. */
async function goneUrl(): Promise<string> {
  await using server = await startModelEndpoint({});
  return server.url;
}
