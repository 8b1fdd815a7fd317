// What becomes of what a run had in its hands when it ended: over a real server, with agents that speak plain NATS.
import { describe, expect, test } from "bun:test";
import { failedWithSession } from "../../../src/domain/fleet/run-end.ts";
import { endWords } from "../../../src/server/inbox/ended-runs.ts";
import { pause } from "../../../src/waiting.ts";
import { commandOf, ada as id, statesOf } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

/** For a window of three seconds. */
const longerThanTheWindowMs = 4_000;

/** Sends a task, and has a run of the agent say how far it came with it. */
async function handTask(run: TestServer, command_id: string, instance: string, states: readonly string[]) {
  await run.server.sendCommand({ id, type: "task", text: `do ${command_id}`, from: "me", command_id });
  for (const state of states)
    await run.bus.publishStored("agent.ada.receipt", { command_id, state, run: instance });
  await waitFor(() => statesOf(run, command_id).at(-1) === states.at(-1), {
    what: `${command_id} is handed over`,
  });
}

async function beat({ bus, server }: TestServer, instance_id: string, session_id: string) {
  bus.publish("agent.ada.heartbeat", { instance_id, session_id, status: "idle", interval_s: 15 });
  await waitFor(() => server.fleet.get(id)?.heartbeat?.instance_id === instance_id, { what: instance_id });
}

async function goodbye({ bus }: TestServer, instance_id: string) {
  const words = { status: "disconnected", message: "SIGKILL" };
  await bus.publishStored("agent.ada.status", { ...words, instance_id });
}

/** Items as a host takes them. */
async function takeOrders({ bus }: TestServer, instance_id: string) {
  const body = {
    request_id: crypto.randomUUID(),
    instance_id,
    tool: "take_orders",
    arguments: {},
    confirms: true,
  };
  const answer = await bus.request("tools.call.ada", body, { timeoutMs: 60_000 });
  const { result } = JSON.parse(new TextDecoder().decode(answer)) as {
    result: { items: Array<Record<string, unknown>>; open_tasks: unknown[]; note: string };
  };
  return result;
}

describe("endWithRuns()", () => {
  test("what a run was handed and never showed to have is given to the next run, with its words and the doubt", async () => {
    await using run = await startTestServer();
    await beat(run, "r1", "s1");
    await handTask(run, "unseen", "r1", ["delivered", "injected"]);
    await run.bus.publishStored("agent.ada.message", {
      message_id: "hello",
      from: "bob",
      to: "ada",
      text: "hi",
    });
    await run.bus.publishStored("agent.ada.receipt", { command_id: "hello", state: "injected", run: "r1" });
    await handTask(run, "had", "r1", ["delivered", "injected", "seen"]);
    const manager = await run.bus.connection.jetstreamManager();
    const inStream = async () => (await manager.streams.info("COMMANDS")).state.messages;
    await waitFor(async () => (await inStream()) === 2, { what: "what was seen has left the stream" });
    expect((await takeOrders(run, "r1")).items).toEqual([]);

    await goodbye(run, "r1");
    await waitFor(() => run.server.fleet.get(id)?.queued === 2, { what: "both wait again" });
    await beat(run, "r2", "s2");
    const { items, note } = await takeOrders(run, "r2");
    expect(items).toMatchObject([
      { command_id: "unseen", text: "do unseen", maybe_given_before: true },
      { message_id: "hello", text: "hi", maybe_given_before: true },
    ]);
    expect(note).toContain("do nothing twice");
    await run.bus.publishStored("agent.ada.receipt", { command_id: "unseen", state: "injected", run: "r2" });
    await waitFor(() => commandOf(run, "unseen")?.taken_by?.run === "r2", { what: "the next run has it" });
    expect(statesOf(run, "unseen")).toEqual(["stored", "delivered", "injected"]);
    await run.bus.publishStored("agent.ada.receipt", { command_id: "unseen", state: "seen", run: "r2" });
    await waitFor(async () => (await inStream()) === 1, { what: "it has left the stream" });
  });

  test("what waits again survives a restart of the server, and is not called lost", async () => {
    await using run = await startTestServer();
    await beat(run, "r1", "s1");
    await handTask(run, "unseen", "r1", ["delivered", "injected"]);
    const second = await run.restart(() => goodbye(run, "r1"));
    await waitFor(() => second.server.fleet.get(id)?.queued === 1, { what: "it waits again" });
    await beat(second, "r2", "s1");
    expect((await takeOrders(second, "r2")).items).toMatchObject([{ command_id: "unseen" }]);
    expect(second.server.alerts.open()).toEqual([]);
    await second.server.stop();
  });

  test("a task that a session had fails once the resume window is over, in words; not for a run that goes on with the session", async () => {
    await using run = await startTestServer({ resumeWindowMs: 2_000 });
    await beat(run, "r1", "s1");
    await handTask(run, "had", "r1", ["injected", "seen"]);
    await goodbye(run, "r1");
    await waitFor(() => commandOf(run, "had")?.run_ended, { what: "the end of its run is known" });
    await beat(run, "r2", "s1");
    expect(commandOf(run, "had")).toMatchObject({ taken_by: { run: "r2", session_id: "s1", goes_on: true } });
    expect((await takeOrders(run, "r2")).open_tasks).toMatchObject([
      { command_id: "had", run: "r2", session_id: "s1", goes_on: true },
    ]);
    await stays(() => statesOf(run, "had").at(-1) === "seen", {
      ...{
        what: "it has not failed",
        because: "a window that had begun would be over twice by then",
        forMs: 4_000,
      },
    });

    await goodbye(run, "r2");
    await waitFor(() => statesOf(run, "had").at(-1) === "failed", {
      what: "it has failed",
    });
    expect(commandOf(run, "had")?.receipts.at(-1)?.detail).toBe(
      "the session ended: SIGKILL; nobody resumed it within 2 seconds",
    );
    await beat(run, "r3", "s1");
    const { items, open_tasks } = await takeOrders(run, "r3");
    expect([items, open_tasks]).toEqual([[], []]);
  });

  test("the time in which no server is there does not count, and another session does not stop the window", async () => {
    await using run = await startTestServer({ resumeWindowMs: 3_000 });
    await beat(run, "r1", "s1");
    await handTask(run, "had", "r1", ["injected", "seen"]);
    await beat(run, "r2", "s2");
    await waitFor(() => commandOf(run, "had")?.run_ended, { what: "the end of its run is known" });
    let since = 0;
    const second = await run.restart(async () => {
      await pause(longerThanTheWindowMs);
      since = performance.now();
    });
    expect(statesOf(second, "had").at(-1)).toBe("seen");
    await waitFor(() => statesOf(second, "had").at(-1) === "failed", {
      what: "it has failed",
    });
    expect(performance.now() - since).toBeGreaterThan(2_500);
    await second.server.stop();
  });

  /** A run whose heartbeats stop, without a goodbye. */
  async function beatOnce({ bus, server }: TestServer, instance_id: string) {
    const message = { instance_id, session_id: "s1", status: "working", interval_s: 0.4 };
    bus.publish("agent.ada.heartbeat", message);
    const isHeard = () => {
      const { heartbeat, axes } = server.fleet.get(id) ?? {};
      return heartbeat?.instance_id === instance_id && axes?.link.value === "online";
    };
    await waitFor(isHeard, { what: instance_id });
  }

  const isSilent = ({ server }: TestServer) => server.fleet.get(id)?.axes.link.value === "silent";

  test("a task of a run that is only lost fails once nothing was heard of it for the resume window, and a resume does not run it again", async () => {
    await using run = await startTestServer({ resumeWindowMs: 2_000 });
    await beatOnce(run, "r1");
    await handTask(run, "had", "r1", ["injected", "seen"]);
    await waitFor(() => statesOf(run, "had").at(-1) === "failed", {
      what: "it has failed",
    });
    expect(commandOf(run, "had")?.receipts.at(-1)?.detail).toMatch(
      /^the session ended: no heartbeat for \d+ s; nobody resumed it within 2 seconds$/,
    );
    await beat(run, "r2", "s1");
    const { items, open_tasks } = await takeOrders(run, "r2");
    expect([items, open_tasks]).toEqual([[], []]);
    const commands = run.server.fleet.get(id)?.commands ?? [];
    expect(commands.filter((command) => failedWithSession(command, "s1")).length).toBe(1);
  });

  test("a run that is heard of again keeps its task, however often it was away for less than the window", async () => {
    await using run = await startTestServer({ resumeWindowMs: 8_000 });
    await beatOnce(run, "r1");
    await handTask(run, "had", "r1", ["injected", "seen"]);
    for (let round = 0; round < 2; round += 1) {
      await waitFor(() => isSilent(run), { what: "it is silent" });
      await stays(() => statesOf(run, "had").at(-1) === "seen", {
        ...{ what: "it has not failed", because: "that is more than half of the window", forMs: 4_500 },
      });
      await beatOnce(run, "r1");
    }
    expect(statesOf(run, "had").at(-1)).toBe("seen");
    await run.bus.publishStored("agent.ada.receipt", { command_id: "had", state: "applied" });
    await waitFor(() => statesOf(run, "had").at(-1) === "applied", { what: "its own end" });
  });

  test("neither a clock that is set forward nor the time without a server ends a lost run's task before the window is over", async () => {
    let aheadMs = 0;
    const now = () => new Date(Date.now() + aheadMs);
    await using run = await startTestServer({ resumeWindowMs: 3_000, now });
    await beatOnce(run, "r1");
    await handTask(run, "had", "r1", ["injected", "seen"]);
    aheadMs = 3_600_000;
    await waitFor(() => isSilent(run), { what: "it is silent" });
    let since = 0;
    const second = await run.restart(async () => {
      await pause(longerThanTheWindowMs);
      since = performance.now();
    });
    expect(statesOf(second, "had").at(-1)).toBe("seen");
    await waitFor(() => statesOf(second, "had").at(-1) === "failed", {
      what: "it fails",
    });
    expect(performance.now() - since).toBeGreaterThan(2_500);
    await second.server.stop();
  });

  test("a pause that a run was handed and did not carry out is failed when the run ends", async () => {
    await using run = await startTestServer();
    await beat(run, "r1", "s1");
    await run.server.sendCommand({ id, type: "pause", from: "me", command_id: "p" });
    await run.bus.publishStored("agent.ada.receipt", { command_id: "p", state: "injected", run: "r1" });
    await waitFor(() => statesOf(run, "p").at(-1) === "injected", { what: "it is handed over" });
    await goodbye(run, "r1");
    await waitFor(() => statesOf(run, "p").at(-1) === "failed", { what: "it has failed" });
    expect(commandOf(run, "p")?.receipts.at(-1)?.detail).toBe("the session ended: SIGKILL");
  });

  test("a stop is applied where its run says that it was stopped, and told no end of it", async () => {
    await using run = await startTestServer();
    await beat(run, "r1", "s1");
    await run.server.sendCommand({ id, type: "stop", from: "me", command_id: "s" });
    await run.bus.publishStored("agent.ada.receipt", { command_id: "s", state: "delivered" });
    const words = { status: "stopped", message: "stop by me", instance_id: "r1" };
    await run.bus.publishStored("agent.ada.status", words);
    await waitFor(() => statesOf(run, "s").at(-1) === "applied", { what: "it is applied" });
    expect(commandOf(run, "s")?.receipts.at(-1)?.detail).toBe("its run has reported the end: stop by me");
  });

  test.each([
    ["delivered", "pause"],
    ["seen", "stop"],
  ] as const)("a lost run that had %s its %s: that fails after the window, too", async (state, type) => {
    await using run = await startTestServer({ resumeWindowMs: 2_000 });
    await beatOnce(run, "r1");
    await run.server.sendCommand({ id, type, from: "me", command_id: "c" });
    await run.bus.publishStored("agent.ada.receipt", { command_id: "c", state });
    await waitFor(() => isSilent(run), { what: "it is silent" });
    expect(statesOf(run, "c").at(-1)).toBe(state);
    await waitFor(() => statesOf(run, "c").at(-1) === "failed", {
      what: "it has failed",
    });
    expect(commandOf(run, "c")?.receipts.at(-1)?.detail).toMatch(
      /^the session ended: no heartbeat for \d+ s$/,
    );
  });

  test.each([
    [600_000, "10 minutes"],
    [60_000, "1 minute"],
    [90_000, "90 seconds"],
    [7_200_000, "120 minutes"],
  ])("a window of %d ms is told as %s", (ms, words) => {
    const told = endWords({ type: "task", run_ended: { at: "2026-01-01T00:00:00Z", how: "stop by me" } }, ms);
    expect(told).toBe(`the session ended: stop by me; nobody resumed it within ${words}`);
  });

  test("the answer to an acknowledgement counts what waits after it, also where the next run says it of what the last one had", async () => {
    await using run = await startTestServer();
    await beat(run, "r1", "s1");
    const tasks = Array.from({ length: 10 }, (_, n) => `t${n}`);
    for (const task of tasks) await handTask(run, task, "r1", ["injected"]);
    await goodbye(run, "r1");
    await waitFor(() => run.server.fleet.get(id)?.queued === tasks.length, { what: "all wait again" });
    const left: number[] = [];
    for (const command_id of tasks) {
      const call = { tool: "acknowledge", arguments: { command_id, outcome: "applied" }, instance_id: "r2" };
      const answer = await run.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
      left.push(JSON.parse(new TextDecoder().decode(answer)).queued);
    }
    expect(left).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });
});
