// What `cliai resume` says of an agent that it does not start again, and whom it does not start.
import { describe, expect, test } from "bun:test";
import { openLaunchDesk } from "../../../src/cli/launch-desk.ts";
import { closedWords, runsOnClosed } from "../../../src/cli/resume/end-closed.ts";
import {
  isOfTerminal,
  requireLaunched,
  resumeOne,
  type ToResume,
} from "../../../src/cli/resume/resume-one.ts";
import type { Standing } from "../../../src/cli/resume/standing.ts";
import { writeRunFile } from "../../../src/data-dir/run-file.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import type { LaunchedAs } from "../../../src/domain/launch-flags.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { readProcessStart } from "../../../src/processes/process-start.ts";
import { alive, beatOf, now, recordOf, saidOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { errorOf, failureOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const nobody = {} as Bus; // nothing is to be sent
const stand = (state: Standing["state"], fields: Partial<AgentRecord> = alive): Standing => ({
  ...{ view: viewAgent(recordOf(fields), now), state, why: "so", wentDown: false },
});
const launch: LaunchedAs = { profile: "demo", headless: true };

async function resumed(one: Partial<ToResume> & Pick<ToResume, "standing">, json = false) {
  const context = testContext({ json });
  const did = await resumeOne({ before: undefined, given: {}, dataDir: "/nowhere", ...one }, nobody, context);
  return [did, ...context.printed];
}

describe("resumeOne() of an agent that runs", () => {
  const working = { ...alive, said: saidOf("working") };

  test("does nothing, and says so", async () => {
    expect(await resumed({ standing: stand("runs", working) })).toEqual([
      "nothing",
      "ada: runs already (working)",
    ]);
    const starting = { ...alive, said: saidOf("starting") };
    expect((await resumed({ standing: stand("runs", starting) }))[1]).toBe("ada: is being started already");
    expect(await resumed({ standing: stand("runs") }, true)).toEqual([
      "nothing",
      '{"agent_id":"ada","did":"nothing"}',
    ]);
  });

  test("says that flags which were given have no effect, and how to have it on a terminal that waits for it", async () => {
    const standing = stand("runs", working);
    expect((await resumed({ standing, given: { model: "m" } }))[1]).toBe(
      "ada: runs already (working); the flags count only when it is started again",
    );
    const before = { ...launch, resume_on_terminal: true } as const;
    expect((await resumed({ standing, before }))[1]).toEndWith(
      "to have it on one again: cliai send stop ada --wait applied && cliai resume ada",
    );
    expect((await resumed({ standing, before: launch }))[1]).not.toContain("terminal");
  });

  test("says of a closed window how to open its session here", async () => {
    const heartbeat = beatOf(5, { terminal_closed: true });
    expect((await resumed({ standing: stand("runs", { heartbeat }) }))[1]).toEndWith(
      "; its window is closed; to see it here: cliai attach ada; to end it and open its session here: cliai resume ada --terminal",
    );
  });
});

test("resumeOne() refuses an agent of another machine, and one that may still run", async () => {
  const here = "if it runs there no longer, start it on this machine: cliai resume ada --here";
  for (const [state, hint] of [
    ["elsewhere", here],
    ["unknown", "see its state: cliai show ada"],
  ] as const) {
    await expect(resumed({ standing: stand(state) })).rejects.toMatchObject({
      ...{ code: "refused", message: "ada: so", hint },
    });
  }
  const ofNode = stand("elsewhere", { ...alive, config_name: "coder" });
  await expect(resumed({ standing: ofNode, node: "laptop" })).rejects.toMatchObject({
    hint: "it belongs on the node laptop; on that machine: cliai spawn coder --id ada",
  });
});

test("resumeOne() says how to end a host that runs here and is not heard, and so can be started again", async () => {
  await using dir = await tempDir();
  const started = (await readProcessStart(process.pid)) ?? "";
  const run = "0e5ae0a6-8b41-4f52-b6a0-5f1c7f0a9c11";
  await writeRunFile(dir.path, ada, { run, host: { pid: process.pid, started } });
  const refusal = (state: Standing["state"]) =>
    failureOf(resumed({ standing: stand(state), dataDir: dir.path })).then(
      (error) => (error as CliaiError).hint,
    );
  expect(await refusal("unknown")).toBe(
    `if it does not come back by itself, end its host, and start it again: kill ${process.pid} && cliai resume ada`,
  );
  expect(await refusal("elsewhere")).not.toContain("kill");
  await writeRunFile(dir.path, ada, { run, host: { pid: process.pid, started: "another" } });
  expect(await refusal("unknown")).toBe("see its state: cliai show ada");
});

test("requireLaunched() refuses an agent that another program has to start again", () => {
  const refuses = (fields: Partial<AgentRecord>, before?: LaunchedAs) =>
    requireLaunched({ standing: stand("ended", fields), before });
  expect(errorOf(() => refuses(alive))).toMatchObject({
    code: "refused",
    message: "ada was not launched by cliai, so it cannot be started again",
    hint: expect.stringContaining("MCP client"),
  });
  expect(() => refuses(alive, launch)).not.toThrow();
  expect(() => refuses({ heartbeat: beatOf(5, { agent_cli: "claude" }) })).not.toThrow();
});

test("isOfTerminal() holds for one that was launched on a terminal, or stands in for one; not for an unknown launch", () => {
  const of = [
    undefined,
    launch,
    { ...launch, headless: false },
    { ...launch, resume_on_terminal: true as const },
  ];
  expect(of.map(isOfTerminal)).toEqual([false, false, true, true]);
});

describe("an agent whose terminal was closed", () => {
  const closed = { heartbeat: beatOf(5, { terminal_closed: true }), host: "here" };

  test("runsOnClosed() is one that runs on this machine, and of which nobody can answer the questions", () => {
    const is = (state: Standing["state"], fields: Partial<AgentRecord>, hostname = "here") =>
      runsOnClosed(stand(state, fields), hostname);
    expect([is("runs", closed), is("paused", closed)]).toEqual([true, true]);
    expect([is("ended", closed), is("unknown", closed), is("elsewhere", closed)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([is("runs", closed, "there"), is("runs", { ...alive, host: "here" })]).toEqual([false, false]);
  });

  test("closedWords() says nothing of a window that is open", () => {
    expect(closedWords(viewAgent(recordOf(alive), now))).toBe("");
  });
});

test("resumeOne() says of an agent that the server itself is starting again that it is resumed, and does not refuse it", async () => {
  await using test = await startTestServer();
  const { bus, server } = test;
  const beat = (instance_id: string) => ({
    instance_id,
    interval_s: 60,
    session_id: "s1",
    agent_cli: "claude",
  });
  bus.publish("agent.ada.heartbeat", beat("r1"));
  await until("its first run", () => server.fleet.get(ada)?.axes.link.value === "online");
  bus.publish("agent.ada.status", { status: "crashed", message: "SIGKILL", instance_id: "r1" });
  const view = await until("its end", () => {
    const found = server.fleet.get(ada);
    return found?.status === "crashed" && found;
  });
  const spawn = () => {
    bus.publish("agent.ada.heartbeat", beat("r2"));
    return Promise.reject(new CliaiError("already_running", "it is online already"));
  };
  const end = openLaunchDesk(bus, { spawn }, silentLogger);
  const context = testContext();
  const standing = { view, state: "ended", why: "crashed (SIGKILL)", wentDown: true } as const;
  const one = { standing, before: launch, given: { model: "m" }, dataDir: "/nowhere" };
  expect(await resumeOne(one, bus, context)).toBe("started");
  end();
  expect(context.printed[0]).toStartWith(
    "ada: crashed (SIGKILL); the server has started it again by itself without a terminal, in a new session",
  );
  expect(context.printed[0]).toEndWith("; the flags count only when it is started again");
});

test("resumeOne() says in which session the server has started an agent again only when its CLI has told", async () => {
  await using test = await startTestServer();
  const { bus, server } = test;
  const beat = (instance_id: string) =>
    bus.publish("agent.ada.heartbeat", {
      ...{ instance_id, interval_s: 60, session_id: "s1", agent_cli: "claude" },
    });
  const tell = (generation: number, seq: number, event: object) =>
    bus.publishStored("agent.ada.event", { agent_id: "ada", generation, seq, ...event });
  beat("r1");
  await until("its first run", () => server.fleet.get(ada)?.axes.link.value === "online");
  await tell(1, 1, { kind: "prompt", detail: "go", instance_id: "r1", session_id: "s1" });
  await bus.publishStored("agent.ada.status", { status: "crashed", message: "SIGKILL", instance_id: "r1" });
  const view = await until("its end", () => {
    const found = server.fleet.get(ada);
    return found?.status === "crashed" && found.session !== undefined && found;
  });
  const told = Promise.withResolvers<void>();
  const spawn = () => {
    beat("r2");
    void until("its second run", () => server.fleet.get(ada)?.heartbeat?.instance_id === "r2")
      // The heartbeat has named the session that was asked for, but the CLI does not have it.
      .then(() => tell(2, 1, { kind: "session_start", instance_id: "r2", session_id: "s2" }))
      .then(() => told.resolve(), told.reject);
    return Promise.reject(new CliaiError("already_running", "it is online already"));
  };
  const end = openLaunchDesk(bus, { spawn }, silentLogger);
  const context = testContext();
  const standing = { view, state: "ended", why: "crashed (SIGKILL)", wentDown: true } as const;
  expect(await resumeOne({ standing, before: launch, given: {}, dataDir: "/nowhere" }, bus, context)).toBe(
    "started",
  );
  end();
  await told.promise;
  expect(context.printed).toEqual([
    "ada: crashed (SIGKILL); the server has started it again by itself without a terminal, in a new session, because its CLI no longer has the last one (s1)",
  ]);
});
