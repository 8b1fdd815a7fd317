// `cliai resume --all` with five agents of the real Claude Code, offline: after the machine went down, after `down`, and after
// `down --agents`.
import { expect, setDefaultTimeout, test } from "bun:test";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { prepareClaude } from "../support/claude-code.ts";
import { type RunningServe, startCliai, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(300_000);

interface Facts extends ShownAgent {
  readonly pid: number;
  readonly session_id: string;
}

const launched = ["det", "long"];
const ofShell = ["one", "two"];
const ran = [...launched, ...ofShell];

const factsOf = async (serve: RunningServe, id: string) => (await fetchAgent(serve, id)) as Facts;

const sessionsOf = async (serve: RunningServe) =>
  await Promise.all(ran.map(async (id) => (await factsOf(serve, id)).session_id));

async function untilOnline(serve: RunningServe): Promise<readonly number[]> {
  return await Promise.all(
    ran.map(async (id) => {
      const look = async () => {
        const agent = await factsOf(serve, id);
        return agent.axes.link.value === "online" && agent;
      };
      // Four CLIs start at once, which took more than 90 s on a busy machine.
      const saw = () => factsOf(serve, id);
      return (await waitFor(look, { what: `${id} is online`, deadlineMs: 150_000, saw })).pid;
    }),
  );
}

interface Line {
  readonly agent_id: string;
  readonly did: string;
  readonly is_new_session?: boolean;
}

async function resumeAll(serve: RunningServe): Promise<Line[]> {
  const { code, stdout } = await serve.run(["resume", "--all", "--json"], { deadlineMs: 200_000 });
  expect(code).toBe(0);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
    .sort((a, b) => a.agent_id.localeCompare(b.agent_id));
}

test("those that ran are back in their sessions after a reboot and after down --agents; down leaves them running", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [
      { match: "think long", once: true, turn: { text: "Never said.", delayMs: 200_000 } },
      { match: "Go on where you were", turn: { text: "On it again." } },
    ],
    fallback: { text: "Done." },
  });
  const { work, env } = await prepareClaude(dir, model);
  const options = { env, cwd: work, dataDir: dir.join("data"), deadlineMs: 90_000 };
  await using parts = new AsyncDisposableStack();
  let serve = await startServe(options);
  parts.defer(() => serve[Symbol.asyncDispose]());
  for (const id of ofShell) {
    const args = ["spawn", "demo", "a task", "--headless", "--id", id, "--data-dir", serve.dataDir];
    parts.use(await startCliai(args, options));
  }
  for (const id of ["det", "over"]) {
    const spawned = await serve.run(["spawn", "demo", "a task", "--detach", "--wait", "--id", id]);
    expect(spawned).toMatchObject({ code: 0, stdout: "Done.\n" });
  }
  expect((await serve.run(["send", "stop", "over", ...untilApplied])).code).toBe(0);
  expect((await serve.run(["wait", ...ofShell, "--timeout", "80"])).code).toBe(0);
  expect((await serve.run(["spawn", "demo", "think long", "--detach", "--id", "long"])).code).toBe(0);
  const isThinking = async () => (await factsOf(serve, "long")).status === "working";
  await waitFor(isThinking, { what: "long is in its turn" });
  const sessions = await sessionsOf(serve);

  // As a machine does that loses its power.
  const pids = await untilOnline(serve);
  serve.child.kill("SIGKILL");
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await serve.child.exit();
  await serve[Symbol.asyncDispose]();
  serve = await startServe(options);
  const afterReboot = await resumeAll(serve);
  const started = afterReboot.filter(({ did }) => did === "started");
  for (const id of ofShell) {
    expect(started).toContainEqual(expect.objectContaining({ agent_id: id, is_new_session: false }));
  }
  expect(afterReboot.map(({ agent_id }) => agent_id)).not.toContain("over");
  await untilOnline(serve);
  expect(await sessionsOf(serve)).toEqual(sessions);
  await model.waitForRequest(({ newText }) => newText.includes("Go on where you were"), {
    what: "what was cut off goes on",
  });
  expect((await serve.run(["wait", ...ran, "--timeout", "80"])).code).toBe(0);

  const before = await untilOnline(serve);
  expect((await serve.run(["down"])).code).toBe(0);
  await serve[Symbol.asyncDispose]();
  serve = await startServe(options);
  expect(await untilOnline(serve)).toEqual(before);
  expect(await resumeAll(serve)).toEqual([]);

  expect((await serve.run(["down", "--agents"])).code).toBe(0);
  await serve[Symbol.asyncDispose]();
  serve = await startServe(options);
  for (const id of [...ran, "over"]) expect((await factsOf(serve, id)).status).toBe("stopped");
  const again = await resumeAll(serve);
  expect(again).toMatchObject(
    [...ran].sort().map((agent_id) => ({ agent_id, did: "started", is_new_session: false })),
  );
  expect(await sessionsOf(serve)).toEqual(sessions);
  expect((await factsOf(serve, "over")).status).toBe("stopped");
  expect((await serve.run(["down", "--agents", "--force"])).code).toBe(0);
});
