// A CLI, or a host, that takes long to start: whoever asked the server for the launch gets the agent, not a failure.
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { fetchAgent } from "../support/bridges.ts";
import { claudePath, prepareClaude } from "../support/claude-code.ts";
import { type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { descendantRunning } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** Longer than a launch by the API may take to answer (30 s). */
const startsAfterS = 35;

function launcherOf(serve: RunningServe, project: string): (id: string) => Promise<Response> {
  return (id) =>
    serve.fetch("/api/agents", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ profile: "demo", project, id, task: "count the files" }),
    });
}

test("a launch whose CLI starts after half a minute is not failed: the agent is starting, then does its task", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "count the files", turn: { text: "There are seven." } }],
  });
  const { work, env } = await prepareClaude(dir, model);
  await mkdir(dir.join("bin"));
  const slow = `case "$*" in *--version*) ;; *) sleep ${startsAfterS} ;; esac`;
  await writeFile(dir.join("bin", "claude"), `#!/bin/sh\n${slow}\nexec '${claudePath()}' "$@"\n`, {
    mode: 0o700,
  });
  const slowEnv = { ...env, PATH: [dir.join("bin"), env.PATH].join(delimiter) };
  await using serve = await startServe({ env: slowEnv, dataDir: dir.join("data") });

  const launch = launcherOf(serve, work);
  // As on a machine that is so busy that the host itself is slow.
  const held = launch("cal");
  const host = await waitFor(() => descendantRunning(serve.child.pid, "--id=cal"), { what: "cal's host" });
  process.kill(host, "SIGSTOP");
  const byApi = launch("ada");
  const args = ["spawn", "demo", "count the files", "--detach", "--id", "bea"];
  const byCommand = serve.run(args, { env: slowEnv, cwd: work });
  const response = await byApi;
  expect(response.status).toBe(201);
  expect(await byCommand).toEqual(
    expect.objectContaining({
      code: 0,
      stdout: "bea\n",
      stderr: "starting bea takes a while; the server waits for it\n",
    }),
  );
  for (const id of ["ada", "bea"]) {
    const agent = await fetchAgent(serve, id);
    expect(agent).toMatchObject({ agent_id: id, status: "starting", queued: 1 });
    expect(agent.axes.link.value).toBe("online");
  }
  const early = await held;
  expect(early.status).toBe(202);
  const told = (await early.json()) as { command_id: string };
  expect(told).toMatchObject({ agent_id: "cal", starting: true });
  process.kill(host, "SIGCONT");
  expect(await serve.run(["wait", "ada", "bea"])).toMatchObject({ code: 0 });
  expect((await serve.run(["log", "bea", "--last"])).stdout).toBe("There are seven.\n");
  const calsTask = async () => (await fetchAgent(serve, "cal")).commands[0];
  await waitFor(async () => (await calsTask())?.receipts.some(({ state }) => state === "applied"), {
    ...{ what: "cal has done its task", saw: calsTask },
  });
  expect(await calsTask()).toMatchObject({ command_id: told.command_id });
  // The next server would launch them again in their sessions.
  const launched = (id: string) => readFile(`${serve.dataDir}/agents/${id}/launched.json`, "utf8");
  for (const id of ["ada", "bea"]) {
    await waitFor(async () => (await launched(id)).includes("session_id"), { what: `${id} is remembered` });
  }
  expect((await serve.run(["send", "stop", "ada", "bea", "cal", ...untilApplied])).code).toBe(0);
});

test("a serve that is killed while the agent starts: the next one takes the agent up, gives it its task once and remembers its session", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [{ match: "count the files", turn: { text: "There are seven." } }],
  });
  const { work, env } = await prepareClaude(dir, model);
  await mkdir(dir.join("bin"));
  // The CLI starts when the file is there.
  const wait = `case "$*" in *--version*) ;; *) while [ ! -e '${dir.join("go")}' ]; do sleep 0.2; done ;; esac`;
  await writeFile(dir.join("bin", "claude"), `#!/bin/sh\n${wait}\nexec '${claudePath()}' "$@"\n`, {
    mode: 0o700,
  });
  const slowEnv = { ...env, PATH: [dir.join("bin"), env.PATH].join(delimiter), CLIAI_LOG: "info" };
  const dataDir = dir.join("data");
  const fileOf = (name: string) => Bun.file(`${dataDir}/agents/ada/${name}`);
  {
    await using serve = await startServe({ env: slowEnv, dataDir });
    launcherOf(serve, work)("ada").catch(() => undefined); // it gets no answer
    const isOnline = async () => (await fetchAgent(serve, "ada")).axes.link.value === "online";
    await waitFor(() => isOnline().catch(() => false), { what: "its host is connected" });
    expect(await fileOf("launching.json").json()).toMatchObject({ project: work });
    expect(await fileOf("launched.json").exists()).toBe(false);
    serve.child.kill("SIGKILL");
    await serve.child.exit();
  }
  await using serve = await startServe({ env: slowEnv, dataDir });
  await serve.child.line("this server has it again", { from: "stderr" });
  await writeFile(dir.join("go"), "");
  const task = async () => (await fetchAgent(serve, "ada")).commands[0];
  await waitFor(async () => (await task())?.receipts.some(({ state }) => state === "applied"), {
    what: "it has done its task",
    saw: task,
  });
  await waitFor(() => fileOf("launched.json").exists(), { what: "its session is remembered" });
  await waitFor(async () => !(await fileOf("launching.json").exists()), { what: "its launch is over" });
  expect(model.requests.filter(({ newText }) => newText.includes("count the files"))).toHaveLength(1);
  expect((await serve.run(["send", "stop", "ada", ...untilApplied])).code).toBe(0);
  await waitFor(async () => !(await fileOf("launched.json").exists()), {
    what: "a stopped agent is forgotten",
  });
});
