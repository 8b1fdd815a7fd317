// What the real Claude Code had in its hands when its session ended: an orderly end of the machine, a crash of the CLI, a stop.
import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { isAgentHeld } from "../../src/data-dir/agent-lock.ts";
import { ada } from "../support/agents.ts";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { prepareClaude } from "../support/claude-code.ts";
import { type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import {
  descendantRunning,
  type Headless,
  lifeOf,
  startHeadless,
  startSteered,
} from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** The model thinks about the first for longer than a test, so that the second waits in the session's own queue. */
const thinksLong = {
  match: "think long",
  once: true,
  turn: { text: "Never said.", delayMs: 60_000 },
} as const;
const takesSecond = { match: "the second", turn: { text: "The second is done." } } as const;

async function giveTwo(
  serve: RunningServe,
  model: ModelServer,
  until: (what: string, fits: (agent: ShownAgent) => boolean) => Promise<unknown>,
) {
  await serve.run(["send", "task", "ada", "think long", "--id", "first"]);
  await until("the first is seen", (agent) => lifeOf(agent, "first").at(-1) === "seen");
  const isFirst = ({ newText }: { readonly newText: string }) => newText.includes("[cliai task first]");
  await model.waitForRequest(isFirst, { what: "the model thinks about it" });
  await serve.run(["send", "task", "ada", "the second", "--id", "second"]);
  await until(
    "the second is handed over",
    (agent) => lifeOf(agent, "second").at(-1) === "injected by stream-json",
  );
}

function detailOf({ commands }: ShownAgent, id: string): string | undefined {
  const command = commands.find(({ command_id }) => command_id === id);
  return (command?.receipts.at(-1) as { detail?: string } | undefined)?.detail;
}

const promptsWith = (model: ModelServer, words: string) =>
  model.requests.filter(({ newText, isSide }) => !isSide && newText.includes(words));

test("an orderly end of the whole machine: what was seen is gone on with and ends, what was not is given again, marked", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [thinksLong, { match: "Go on where you were", turn: { text: "The first is done." } }, takesSecond],
  });
  const { work, env } = await prepareClaude(dir, model);
  const config = dir.join("config.json");
  await Bun.write(config, JSON.stringify({ agents: { steered: {} } }));
  const options = { env, dataDir: dir.join("data"), args: ["--config", config, "--resume-window", "60s"] };
  const untilOf = (serve: RunningServe) => async (what: string, fits: (agent: ShownAgent) => boolean) => {
    const saw = () => fetchAgent(serve, "ada").catch(() => undefined);
    const look = async () => {
      const agent = await saw();
      return agent !== undefined && fits(agent) && agent;
    };
    return await waitFor(look, { what, saw });
  };
  {
    await using serve = await startServe(options);
    const body = JSON.stringify({ profile: "steered", project: work, id: "ada" });
    const headers = { "content-type": "application/json" };
    expect((await serve.fetch("/api/agents", { method: "POST", headers, body })).status).toBe(201);
    await giveTwo(serve, model, untilOf(serve));
    const { pid } = await fetchAgent(serve, "ada");
    serve.child.kill("SIGTERM");
    await serve.child.exit();
    process.kill(pid ?? 0, "SIGTERM");
    await waitFor(() => !isAgentHeld(options.dataDir, ada), {
      what: "its host has ended",
    });
  }
  await using serve = await startServe(options);
  const until = untilOf(serve);
  const done = await until("both have their end", (agent) =>
    ["first", "second"].every((id) => lifeOf(agent, id).at(-1) === "applied by result"),
  );
  expect(lifeOf(done, "first").slice(2)).toEqual(["injected by stream-json", "seen", "applied by result"]);
  expect(detailOf(done, "first")).toContain("The first is done.");
  expect(lifeOf(done, "second").slice(2)).toEqual(["injected by stream-json", "seen", "applied by result"]);
  expect(promptsWith(model, "[cliai task first]").length).toBe(1);
  const [again] = promptsWith(model, "[cliai task second]");
  expect(again?.newText).toContain(
    "It may have been given to you before, in a run or a conversation that has ended",
  );
  const { stdout } = await serve.run(["log", "ada"]);
  expect(stdout.match(/told {8}task by .*/g)?.length).toBe(2);
  expect(stdout.match(/told again {2}task by .*/g)).toEqual([expect.stringMatching(/: the second$/)]);
});

test("a run that ends before it was told to go on: the next one is told, and the task has its end", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [thinksLong, { match: "Go on where you were", turn: { text: "The first is done." } }],
  });
  const { work, env } = await prepareClaude(dir, model);
  // A hook of the user's, beside cliai's: as long as it runs, the session takes no prompt.
  const slow = dir.join("slow");
  const command = `if [ -e "${slow}" ]; then sleep 60; fi`;
  const hooks = { SessionStart: [{ hooks: [{ type: "command", command }] }] };
  await Bun.write(`${env.CLAUDE_CONFIG_DIR}/settings.json`, JSON.stringify({ hooks }));
  const config = dir.join("config.json");
  await Bun.write(config, JSON.stringify({ agents: { steered: {} } }));
  const options = { env, dataDir: dir.join("data"), args: ["--config", config] };
  interface WithSession extends ShownAgent {
    readonly session?: { readonly instance_id?: string; readonly turn?: unknown };
  }
  const until = async (serve: RunningServe, what: string, fits: (agent: WithSession) => boolean) => {
    const saw = () => fetchAgent(serve, "ada").catch(() => undefined) as Promise<WithSession | undefined>;
    const look = async () => {
      const agent = await saw();
      return agent !== undefined && fits(agent) && agent;
    };
    return await waitFor(look, { what, saw });
  };
  /** As a machine that loses its power. */
  const killed = async (serve: RunningServe) => {
    const { pid } = await fetchAgent(serve, "ada");
    serve.child.kill("SIGKILL");
    await serve.child.exit();
    process.kill(pid ?? 0, "SIGKILL");
  };
  let run: string | undefined;
  {
    await using serve = await startServe(options);
    const body = JSON.stringify({ profile: "steered", project: work, id: "ada" });
    const headers = { "content-type": "application/json" };
    expect((await serve.fetch("/api/agents", { method: "POST", headers, body })).status).toBe(201);
    await serve.run(["send", "task", "ada", "think long", "--id", "first"]);
    const seen = await until(serve, "it is seen", (agent) => lifeOf(agent, "first").at(-1) === "seen");
    run = seen.session?.instance_id;
    await killed(serve);
  }
  {
    await Bun.write(slow, "");
    await using serve = await startServe(options);
    const isNext = ({ session }: WithSession) =>
      session?.instance_id !== undefined && session.instance_id !== run;
    const begun = await until(serve, "the next run has begun", isNext);
    expect(begun.session?.turn).toBeUndefined();
    await killed(serve);
    await rm(slow);
  }
  await using serve = await startServe(options);
  const isDone = (agent: ShownAgent) => lifeOf(agent, "first").at(-1) === "applied by result";
  const done = await until(serve, "the first has its end", isDone);
  expect(detailOf(done, "first")).toContain("The first is done.");
  expect(promptsWith(model, "[cliai task first]").length).toBe(1);
});

async function startAda(serve: RunningServe, model: ModelServer): Promise<Headless> {
  return await startHeadless(serve, { id: "ada", model });
}

test("a crash of the CLI: what was not seen is given to the next run, what was seen fails after the window, and stays so", async () => {
  await using serve = await startServe({ args: ["--resume-window", "4s"] });
  await using model = await startModelServer({ rules: [thinksLong, takesSecond] });
  {
    await using ada = await startAda(serve, model);
    await giveTwo(serve, model, ada.until);
    process.kill(await descendantRunning(ada.child.pid, "stream-json"), "SIGKILL");
    await ada.child.exit();
    const shown = await ada.until("it is known", (agent) => agent.status === "crashed");
    expect(lifeOf(shown, "first").at(-1)).toBe("seen");
    const listed = await serve.run(["ls"]);
    expect(listed.stdout).toMatch(/^ada +✗ died: SIGKILL /m);
    expect(listed.stderr).toContain("go on: cliai resume ada");
    expect((await serve.run(["show", "ada"])).stdout).toMatch(/^ {2}go on +cliai resume ada$/m);
    const shows = async () => (await serve.run(["show", "ada"])).stdout.includes("injected, waits again");
    await waitFor(shows, { what: "show says that it waits again" });
    const failed = await ada.until(
      "the first has failed",
      (agent) => lifeOf(agent, "first").at(-1) === "failed",
    );
    expect(detailOf(failed, "first")).toMatch(/^the session ended: .*SIGKILL.*within 4 seconds$/);
  }
  await using next = await startAda(serve, model);
  const done = await next.until(
    "the second is done",
    (agent) => lifeOf(agent, "second").at(-1) === "applied by result",
  );
  expect(lifeOf(done, "first").at(-1)).toBe("failed");
  expect(promptsWith(model, "[cliai task first]").length).toBe(1);
  expect(promptsWith(model, "[cliai task second]")[0]?.newText).toContain(
    "It may have been given to you before",
  );
});

test("a stop of a session that did not finish: what was seen fails after the window, with who stopped it", async () => {
  await using serve = await startServe({ args: ["--resume-window", "1s"] });
  await using model = await startModelServer({ rules: [thinksLong] });
  await using ada = await startSteered(serve, { id: "ada", model });
  await serve.run(["send", "task", "ada", "think long", "--id", "first"]);
  await ada.until("the first is seen", (agent) => lifeOf(agent, "first").at(-1) === "seen");
  const stop = ["send", "stop", "ada", "--force", "--reason", "enough", ...untilApplied];
  expect(await serve.run(stop)).toMatchObject({ code: 0 });
  const shown = await ada.until(
    "the first has failed",
    (agent) => lifeOf(agent, "first").at(-1) === "failed",
  );
  expect(detailOf(shown, "first")).toMatch(/^the session ended: stop by .*enough.*within 1 second$/);
});
