// Waiting for agents of a real server, as they report what they do.
import { describe, expect, test } from "bun:test";
import { type WaitOptions, waitForAgents } from "../../../src/cli/wait/fleet-wait.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

/** An agent whose session tells what it does, as that of a hosted one. */
function agentOn({ bus }: Pick<TestServer, "bus">, id: string) {
  let seq = 0;
  const run = { instance_id: `run-of-${id}` };
  return {
    beat: (more: object = {}) => {
      seq += 1;
      bus.publish(`agent.${id}.heartbeat`, { status: "connected", seq, interval_s: 15, ...run, ...more });
    },
    event: (kind: string, more: object = {}) => {
      seq += 1;
      bus.publish(`agent.${id}.event`, { kind, generation: 1, seq, ...run, ...more });
    },
    end: (status: string, message: string) => bus.publish(`agent.${id}.status`, { status, message, ...run }),
  };
}

async function startFleet(): Promise<TestServer> {
  const fleet = await startTestServer();
  for (const id of [ada, bob]) {
    const agent = agentOn(fleet, id);
    agent.beat();
    agent.event("session_start");
    agent.event("prompt", { detail: "dig" });
    await until(`${id} works`, () => fleet.server.fleet.get(id)?.status === "working");
  }
  return fleet;
}

async function wait(bus: Bus, options: Partial<WaitOptions>) {
  const notes: string[] = [];
  const told: string[] = [];
  const waiting = waitForAgents(bus, {
    ...{ ids: [ada], goal: "done", isAny: false, timeoutMs: 20_000 },
    context: { now: () => new Date(), note: (line) => void notes.push(line) },
    onOutcome: ({ agent_id }, { outcome }) => void told.push(`${agent_id} ${outcome}`),
    ...options,
  });
  const waited = await waiting;
  const outcomes = [...waited.outcomes].map(([id, { outcome }]) => `${id} ${outcome}`);
  expect(told).toEqual(outcomes);
  return { ...waited, outcomes, notes };
}

describe("waitForAgents()", () => {
  test("waits until the turns of all agents have ended, and says each outcome once", async () => {
    await using fleet = await startFleet();
    const waiting = wait(fleet.bus, { ids: [ada, bob] });
    const [first, second] = [agentOn(fleet, bob), agentOn(fleet, ada)];
    for (const [index, agent] of [first, second].entries()) {
      for (let step = 0; step < 5; step += 1) agent.beat();
      agent.event("turn_end", { detail: String(index) });
      const id = index === 0 ? bob : ada;
      await until(`${id} is idle`, () => fleet.server.fleet.get(id)?.status === "idle");
    }
    expect((await waiting).outcomes.toSorted()).toEqual(["ada done", "bob done"]);
  });

  test("does not wait for an order that cannot be decoded: it comes into no record", async () => {
    await using fleet = await startFleet();
    const agent = agentOn(fleet, ada);
    for (let step = 0; step < 5; step += 1) agent.beat();
    agent.event("turn_end");
    await until("ada is idle", () => fleet.server.fleet.get(ada)?.status === "idle");
    await fleet.bus.publishStored("agent.ada.command", { type: "dance" });
    expect((await wait(fleet.bus, {})).outcomes).toEqual(["ada done"]);
  });

  test("with isAny, the first agent is enough", async () => {
    await using fleet = await startFleet();
    const waiting = wait(fleet.bus, { ids: [ada, bob], isAny: true, goal: "idle" });
    const agent = agentOn(fleet, bob);
    for (let step = 0; step < 5; step += 1) agent.beat();
    agent.event("turn_end");
    expect(await waiting).toMatchObject({ outcomes: ["bob idle"], waiting: [] });
  });

  test("an agent that was stopped cannot get there: it is named with how it can be started again", async () => {
    await using fleet = await startFleet();
    const waiting = waitForAgents(fleet.bus, {
      ...{ ids: [ada], goal: "idle", isAny: false, timeoutMs: 20_000 },
      context: { now: () => new Date(), note: () => undefined },
    });
    agentOn(fleet, ada).end("stopped", "by ann");
    const { outcomes } = await waiting;
    expect(outcomes.get(ada)).toMatchObject({
      outcome: "stopped",
      startAgain: "start it again: cliai resume ada",
    });
  });

  test("when the time is up, it names who has no outcome yet, with the last known status", async () => {
    await using fleet = await startFleet();
    expect(await wait(fleet.bus, { ids: [ada, bob], timeoutMs: 500 })).toEqual({
      ...{ outcomes: [], isServerAway: false, notes: [] },
      waiting: [
        { agent_id: ada, status: "working" },
        { agent_id: bob, status: "working" },
      ],
    });
  });

  test("another run than the awaited one does not count, also if it was not heard of yet", async () => {
    await using fleet = await startFleet();
    agentOn(fleet, ada).end("ended", "done");
    await until("ada has ended", () => fleet.server.fleet.get(ada)?.status === "ended");
    const waited = await wait(fleet.bus, { run: "another", timeoutMs: 500 });
    expect(waited).toMatchObject({ outcomes: [], waiting: [{ agent_id: ada, status: "ended" }] });
  });

  test("an agent that nobody knows is refused at once", async () => {
    await using fleet = await startFleet();
    await expect(wait(fleet.bus, { ids: ["adda" as typeof ada] })).rejects.toMatchObject({
      code: "agent_unknown",
      hint: "did you mean ada?",
    });
  });
});
