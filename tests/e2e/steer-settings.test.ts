// The real Claude Code under settings of its user's that reach for our hooks: a proxy, lists of addresses, hooks turned off.
import { expect, setDefaultTimeout, test } from "bun:test";
import { startServe } from "../support/cliai.ts";
import { startCompanyProxy } from "../support/company-proxy.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { bash, lifeOf, startHeadless, startSteered } from "../support/steered-claude.ts";

setDefaultTimeout(120_000);

const claudeArgs = ["--allowedTools", "Bash"];

/** Two tool calls: the first is long enough for a pause to come while it runs. */
function callsTwice(model: ModelServer, second: string): void {
  model.setScript({
    rules: [
      { match: "dig in two steps", once: true, turn: bash("sleep 4; echo first-done") },
      { match: "first-done", once: true, turn: bash(second) },
    ],
  });
}

test("a proxy in Claude's own settings: a pause holds the next tool, and a stop ends the agent and is told as that", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using proxy = await startCompanyProxy(model.url);
  callsTwice(model, "touch it-ran");
  const userSettings = { env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: "corp.example" } };
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs, userSettings });
  await ada.terminal.enter("dig in two steps");
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  const paused = await serve.run([
    "send",
    "pause",
    "ada",
    "--id",
    "p1",
    "--wait",
    "applied",
    "--timeout",
    "20",
  ]);
  expect(paused).toMatchObject({ code: 0 });
  const held = await ada.until("it is paused", ({ status }) => status === "paused");
  expect(lifeOf(held, "p1").slice(2)).toEqual(["injected by hook", "applied by hook"]);
  expect(await Bun.file(`${ada.cwd}/it-ran`).exists()).toBe(false);
  const stopped = await serve.run([
    "send",
    "stop",
    "ada",
    "--id",
    "s1",
    "--wait",
    "applied",
    "--timeout",
    "30",
  ]);
  expect(stopped).toMatchObject({ code: 0 });
  await ada.until("it is stopped", ({ status }) => status === "stopped");
  expect(await Bun.file(`${ada.cwd}/it-ran`).exists()).toBe(false);
  expect(proxy.refused).toEqual([]);
});

test("the same proxy beside a headless agent: its task is applied, and its MCP server leaves the word to the host", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using proxy = await startCompanyProxy(model.url);
  const userSettings = { env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url } };
  await using ada = await startHeadless(serve, { id: "ada", model, claudeArgs, userSettings });
  const sent = await serve.run(["send", "task", "ada", "say hello", "--wait", "applied", "--timeout", "30"]);
  expect(sent).toMatchObject({ code: 0 });
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(proxy.refused).toEqual([]);
});
