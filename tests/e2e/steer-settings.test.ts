// The real Claude Code under settings of its user's that reach for our hooks: a proxy, lists of addresses, hooks turned off.
import { expect, test } from "bun:test";
import { startServe, untilApplied } from "../support/cliai.ts";
import { startCompanyProxy } from "../support/company-proxy.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { bash, lifeOf, slowBash, startHeadless, startSteered } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

const claudeArgs = ["--permission-mode", "default", "--allowedTools", "Bash"];

/** Two tool calls: the first is long enough for a pause to come while it runs. */
function callsTwice(model: ModelServer, second: string): void {
  model.setScript({
    rules: [
      { match: "dig in two steps", once: true, turn: slowBash(4, "first-done") },
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
  const paused = await serve.run(["send", "pause", "ada", "--id", "p1", ...untilApplied]);
  expect(paused).toMatchObject({ code: 0 });
  const held = await ada.until("it is paused", ({ status }) => status === "paused");
  expect(lifeOf(held, "p1").slice(2)).toEqual(["injected by hook", "applied by hook"]);
  expect(await Bun.file(`${ada.cwd}/it-ran`).exists()).toBe(false);
  const stopped = await serve.run(["send", "stop", "ada", "--id", "s1", ...untilApplied]);
  expect(stopped).toMatchObject({ code: 0 });
  await ada.until("it is stopped", ({ status }) => status === "stopped");
  expect(await Bun.file(`${ada.cwd}/it-ran`).exists()).toBe(false);
  expect(proxy.refused).toEqual([]);
});

test("addresses of HTTP hooks are listed, and ours is not among them: commands hold the agent", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  callsTwice(model, "touch it-ran");
  const userSettings = { allowedHttpHookUrls: ["https://hooks.example/*"] };
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs, userSettings });
  await ada.terminal.enter("dig in two steps");
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  const paused = ["send", "pause", "ada", "--id", "p1", ...untilApplied];
  expect(await serve.run(paused)).toMatchObject({ code: 0 });
  // The sender may hear of it before the page does.
  const told = await ada.until("its pause is shown as applied", (agent) => lifeOf(agent, "p1").length === 4);
  expect(lifeOf(told, "p1").slice(2)).toEqual(["injected by hook", "applied by hook"]);
  expect(await Bun.file(`${ada.cwd}/it-ran`).exists()).toBe(false);
  await serve.run(["send", "resume", "ada"]);
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(await Bun.file(`${ada.cwd}/it-ran`).exists()).toBe(true);
});

test("hooks are turned off: the fleet says that nothing can hold the agent, and a pause is not said to be applied", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  callsTwice(model, "touch it-ran");
  const userSettings = { disableAllHooks: true };
  await using ada = await startSteered(serve, { id: "ada", model, claudeArgs, userSettings });
  const { axes } = await ada.agent();
  expect(axes.control).toMatchObject({
    value: "running",
    reason: expect.stringContaining("nothing can hold this agent"),
  });
  await ada.terminal.enter("dig in two steps");
  await model.waitForRequest(({ newText }) => newText.includes("dig in two steps"), {
    what: "its turn runs",
  });
  await serve.run(["send", "pause", "ada", "--id", "p1", "--wait", "delivered", "--timeout", "80"]);
  const ran = () => Bun.file(`${ada.cwd}/it-ran`).exists();
  await waitFor(ran, { what: "the second tool runs all the same" });
  // Its figures come after its turn; they are no sign that it is idle.
  const told = await ada.until("its figures are told", ({ usage }) => usage !== undefined);
  expect(lifeOf(told, "p1")).toEqual(["stored", "delivered"]);
  expect(told.axes.control).toMatchObject({
    value: "pause_requested",
    reason: expect.stringContaining("settings.json sets disableAllHooks"),
  });
  expect(told.axes.activity).toMatchObject({ value: "unknown" });
});

test("hooks are turned off beside a headless agent: its stream holds it all the same", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  callsTwice(model, "touch it-ran");
  const userSettings = { disableAllHooks: true };
  const args = ["--task", "dig in two steps"];
  await using ada = await startHeadless(serve, { id: "ada", model, claudeArgs, userSettings, args });
  const warning = "sets disableAllHooks: only the session's stream can hold it in a pause";
  await ada.child.line(warning, { from: "stderr" });
  await ada.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  const paused = ["send", "pause", "ada", "--id", "p1", ...untilApplied];
  expect(await serve.run(paused)).toMatchObject({ code: 0 });
  const held = await ada.until("it is paused", (each) => lifeOf(each, "p1").length === 4);
  expect(lifeOf(held, "p1").slice(2)).toEqual(["injected by hook", "applied by hook"]);
  expect(await Bun.file(`${ada.cwd}/it-ran`).exists()).toBe(false);
});

test("the end of a turn that is refused ten times in a row is refused ten times, and then ends as it is approved", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const profile = { stop_approval: true };
  const args = ["--task", "write the report"];
  await using ada = await startHeadless(serve, { id: "ada", model, profile, args });
  const ask = async (): Promise<string> => {
    const open = JSON.parse((await serve.run(["inbox", "--json"])).stdout) as readonly {
      request_id: string;
    }[];
    return open[0]?.request_id ?? "";
  };
  for (let times = 1; times <= 10; times += 1) {
    const id = await waitFor(ask, { what: `it asks for the ${times}th time` });
    expect(await serve.run(["answer", id, "--refuse", "--reason", `more of it ${times}`])).toMatchObject({
      code: 0,
    });
  }
  const last = await waitFor(ask, { what: "it asks once more" });
  await ada.until("it waits for the approval", ({ status }) => status === "waiting");
  await serve.run(["answer", last, "--approve"]);
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(model.requests.filter(({ isSide }) => !isSide).length).toBe(11);
});

test("the same proxy beside a headless agent: its task is applied, and its MCP server leaves the word to the host", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  await using proxy = await startCompanyProxy(model.url);
  const userSettings = { env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url } };
  await using ada = await startHeadless(serve, { id: "ada", model, claudeArgs, userSettings });
  const sent = await serve.run(["send", "task", "ada", "say hello", ...untilApplied]);
  expect(sent).toMatchObject({ code: 0 });
  await ada.until("its turn is over", ({ status }) => status === "idle");
  expect(proxy.refused).toEqual([]);
});
