// A host is a process of its own: the real Claude Code in the middle of a turn, while the server is killed, ended and started again.
import { expect, test } from "bun:test";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { readProcessStart } from "../../src/processes/process-start.ts";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { claudeEnvironment, prepareClaude } from "../support/claude-code.ts";
import { type RunningServe, runCliai, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { lifeOf, startSteered } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

type Facts = ShownAgent & { readonly pid: number; readonly heartbeat: { readonly instance_id: string } };

async function until(serve: RunningServe, what: string, fits: (agent: ShownAgent) => boolean) {
  const look = async () => {
    const agent = await fetchAgent(serve, "ada").catch(() => undefined);
    return agent !== undefined && fits(agent) && (agent as Facts);
  };
  return await waitFor(look, { what, saw: () => fetchAgent(serve, "ada") });
}

test.each(["SIGKILL", "SIGTERM"] as const)(
  "serve/%s in the middle of a turn: the turn goes on, the next serve has the same run, and its task is applied once",
  async (signal) => {
    await using dir = await tempDir();
    await using model = await startModelServer({
      rules: [
        { match: "count the files", once: true, turn: { text: "There are seven.", delayMs: 6_000 } },
        { match: "count them again", once: true, turn: { text: "Seven still." } },
      ],
    });
    const work = dir.join("work");
    await mkdir(work);
    const env = await claudeEnvironment({
      home: dir.join("home"),
      workDirs: [work],
      modelServerUrl: model.url,
    });
    const config = dir.join("config.json");
    await Bun.write(config, JSON.stringify({ agents: { steered: {} } }));
    const serving = { env, dataDir: dir.join("data"), args: ["--config", config] };
    let before: Facts;
    let command: string;
    {
      await using serve = await startServe(serving);
      const body = JSON.stringify({ profile: "steered", project: work, id: "ada", task: "count the files" });
      const headers = { "content-type": "application/json" };
      const response = await serve.fetch("/api/agents", { method: "POST", headers, body });
      command = ((await response.json()) as { command_id: string }).command_id;
      await model.waitForRequest(({ newText }) => newText.includes("count the files"), {
        what: "its turn runs",
      });
      before = await until(serve, "it works", ({ status }) => status === "working");
      serve.child.kill(signal);
      await serve.child.exit();
    }
    expect(await readProcessStart(before.pid)).toBeDefined();
    await using serve = await startServe({ ...serving, env: { ...env, CLIAI_LOG: "info" } });
    await serve.child.line(`ada runs on (pid ${before.pid}): this server has it again`, { from: "stderr" });
    const done = await until(
      serve,
      "its task is applied",
      (agent) => lifeOf(agent, command).at(-1) === "applied by result",
    );
    expect([done.pid, done.heartbeat.instance_id]).toEqual([before.pid, before.heartbeat.instance_id]);
    expect(lifeOf(done, command).filter((each) => each.startsWith("injected"))).toHaveLength(1);
    expect(model.requests.filter(({ newText }) => newText.includes("count the files"))).toHaveLength(1);
    expect(model.requests.filter(({ newText }) => newText.includes("Go on where you were"))).toEqual([]);
    const sent = await serve.run(["send", "task", "ada", "count them again", ...untilApplied]);
    expect(sent).toMatchObject({ code: 0 });
    expect(await readFile(join(serving.dataDir, "agents", "ada", "host.log"), "utf8")).toContain(
      "starting ada",
    );

    const down = await serve.run(["down", "--agents", "--json"]);
    expect(JSON.parse(down.stdout)).toMatchObject({
      ended: true,
      agents: [{ agent_id: "ada", outcome: "stopped" }],
    });
    expect(await readProcessStart(before.pid)).toBeUndefined();
  },
);

test("down leaves the agents running, status names them, and down --agents ends them without a server", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer();
  const work = dir.join("work");
  await mkdir(work);
  const env = await claudeEnvironment({
    home: dir.join("home"),
    workDirs: [work],
    modelServerUrl: model.url,
  });
  const config = dir.join("config.json");
  await Bun.write(config, JSON.stringify({ agents: { steered: {} } }));
  const dataDir = dir.join("data");
  const cliai = (...args: string[]) => runCliai([...args, "--data-dir", dataDir]);
  await using serve = await startServe({ env, dataDir, args: ["--config", config] });
  const body = JSON.stringify({ profile: "steered", project: work, id: "ada" });
  const headers = { "content-type": "application/json" };
  expect((await serve.fetch("/api/agents", { method: "POST", headers, body })).status).toBe(201);
  const { pid } = await until(serve, "it is there", ({ status }) => status !== "starting");
  expect((await cliai("down")).code).toBe(0);
  expect(await serve.child.exit()).toMatchObject({ code: 0 });
  expect((await cliai("status")).stdout).toBe(
    `no server runs on ${dataDir}; start it: cliai serve --detach\nagents on this machine: ada\n`,
  );
  const down = await cliai("down", "--agents");
  expect([down.code, down.stdout]).toEqual([0, "ada  stopped: its host was ended\n"]);
  expect(await readProcessStart(pid)).toBeUndefined();
  expect((await cliai("status")).stdout).toContain("agents on this machine: none");
  // It was stopped: the next server does not launch it again.
  await using again = await startServe({
    env: { ...env, CLIAI_LOG: "info" },
    dataDir,
    args: ["--config", config],
  });
  await again.child.line("ready at", { from: "stderr" });
  expect(await Bun.file(join(dataDir, "agents", "ada", "launched.json")).exists()).toBe(false);
});

test("an agent on a terminal that is closed runs on, takes a task, and is stopped in order; with --die-with-terminal it ends", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [{ match: "count the files", turn: { text: "Seven." } }],
  });
  const steered = { model, outlivesTerminal: true };
  await using ada = await startSteered(serve, { ...steered, id: "ada" });
  const { pid } = (await ada.agent()) as Facts;
  await ada.terminal.close();
  const sent = await serve.run(["send", "task", "ada", "count the files", ...untilApplied]);
  expect(sent).toMatchObject({ code: 0 });
  expect(((await ada.agent()) as Facts).pid).toBe(pid);
  expect(await serve.run(["send", "stop", "ada", ...untilApplied])).toMatchObject({
    code: 0,
  });
  await waitFor(async () => (await readProcessStart(pid)) === undefined, { what: "its host has ended" });

  await using bob = await startSteered(serve, { ...steered, id: "bob", outlivesTerminal: false });
  const other = ((await bob.agent()) as Facts).pid;
  await bob.terminal.close();
  await waitFor(async () => (await readProcessStart(other)) === undefined, {
    what: "the other's host has ended",
  });
});

test("an agent that looks for the server at a port that another program has taken is named, with the line that brings it back", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer();
  const { work, env } = await prepareClaude(dir, model);
  const serving = { env, dataDir: dir.join("data") };
  let natsPort: number;
  {
    await using serve = await startServe(serving);
    natsPort = Number(new URL(serve.natsUrl).port);
    expect(await serve.run(["spawn", "demo", "--detach", "--id", "ada"], { env, cwd: work })).toMatchObject({
      code: 0,
    });
  }
  const other = createServer().listen(natsPort, "127.0.0.1");
  await once(other, "listening");
  await using _ = { [Symbol.asyncDispose]: async () => void other.close() };
  {
    await using serve = await startServe(serving);
    const line = await serve.child.line(/cannot reach this server/, { from: "stderr" });
    expect(line).toBe(
      `ada cannot reach this server: they look for NATS at the last server's port (${natsPort}); to start them again here: cliai down && cliai down --agents && cliai resume ada`,
    );
    expect(await serve.run(["down"])).toMatchObject({ code: 0 });
    expect(await serve.run(["down", "--agents"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("ada  stopped"),
    });
  }
  await using serve = await startServe(serving);
  const resumed = await serve.run(["resume", "ada", "--headless"], { deadlineMs: 90_000 });
  expect(resumed.code).toBe(0);
  await until(serve, "it is back", ({ axes }) => axes.link.value === "online");
  expect(serve.child.stderr).not.toContain("cannot reach this server");
  expect(await serve.run(["send", "stop", "ada", ...untilApplied])).toMatchObject({
    code: 0,
  });
});
