// What holds agents back, on a real nats-server: over restarts of the server and of the agent, and beside what people order.
import { describe, expect, test } from "bun:test";
import { holderName, type NewHold } from "../../../src/domain/holding/hold.ts";
import { type CommandRecord, isFinal } from "../../../src/domain/receipts.ts";
import type { ReceiptState } from "../../../src/domain/wire/messages.ts";
import { startAgent } from "../../support/agent-fixture.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const limit: NewHold = { reason: "usage_limit", source: "account", words: "usage limit", cause: "one" };
const budget: NewHold = { reason: "budget", source: "day", words: "budget of $5 a day" };

/** The clock of the server; `ahead` sets it forward. */
function clock() {
  let aheadMs = 0;
  return {
    now: () => new Date(Date.now() + aheadMs),
    ahead: (ms: number) => {
      aheadMs += ms;
    },
    in: (ms: number) => new Date(Date.now() + aheadMs + ms).toISOString(),
  };
}

/** The agent ada, which is heard and says nothing more. */
async function startAda(run: TestServer): Promise<void> {
  await startAgent(run, run.bus, "ada", { interval_s: 3_600 });
}

const controls = ({ server }: TestServer): readonly CommandRecord[] =>
  (server.fleet.get(ada)?.commands ?? []).filter(({ type }) => type === "pause" || type === "resume");

const lines = (run: TestServer) => controls(run).map(({ type, from }) => `${type} by ${from}`);

async function isTold(run: TestServer, ...told: readonly string[]): Promise<void> {
  await waitFor(() => lines(run).join() === told.join(), { what: told.join(), saw: () => lines(run) });
}

/** The agent carries out all that it was told. */
async function carryOut(run: TestServer): Promise<void> {
  for (const { command_id } of controls(run).filter(isOpen))
    await run.bus.publishStored("agent.ada.receipt", { command_id, state: "applied" });
  const open = () => controls(run).filter(isOpen);
  await waitFor(() => open().length === 0, { what: "the receipts", saw: open });
}

const isOpen = ({ receipts }: CommandRecord) => !receipts.some(({ state }) => isFinal(state));

/** The order ends without effect. */
async function ends(run: TestServer, command_id: string | undefined, state: ReceiptState): Promise<void> {
  await run.bus.publishStored("agent.ada.receipt", { command_id, state });
}

async function hasStatus(run: TestServer, status: string): Promise<void> {
  const view = () => run.server.fleet.get(ada);
  await waitFor(() => view()?.status === status, { what: status, saw: () => view()?.axes });
}

const pause = `pause by ${holderName}`;
const resume = `resume by ${holderName}`;

describe("a hold", () => {
  test("pauses its agent in the name of cliai, and lets it go when the last one ends, also over restarts of the server", async () => {
    await using first = await startTestServer();
    await startAda(first);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect(await first.server.holding.hold(ada, { ...limit, until })).toBe(true);
    expect(await first.server.holding.hold(ada, budget)).toBe(true);
    await isTold(first, pause);
    expect(first.server.fleet.get(ada)?.axes.control.value).toBe("pause_requested");
    await carryOut(first);
    await hasStatus(first, "held");
    expect(first.server.fleet.get(ada)?.axes.control.reason).toBe("usage limit; budget of $5 a day");

    const second = await first.restart();
    expect(second.server.holding.holdsOf(ada).map(({ reason }) => reason)).toEqual(["usage_limit", "budget"]);
    await hasStatus(second, "held");
    await second.server.holding.letGo(ada, "budget", "day");
    await waitFor(() => second.server.fleet.get(ada)?.axes.control.until === until, { what: "the end" });
    expect(lines(second)).toEqual([pause]);
    await second.server.holding.letGo(ada, "usage_limit", "account");
    await isTold(second, pause, resume);
    await carryOut(second);
    await hasStatus(second, "connected");
    const third = await second.restart();
    expect(third.server.fleet.get(ada)?.holds).toBeUndefined();
    expect(lines(third)).toEqual([pause, resume]);
    await third.server.stop();
  });

  test("ends by the clock: one that jumps over its end, and one that passes it while no server runs", async () => {
    const time = clock();
    await using first = await startTestServer({ now: time.now });
    await startAda(first);
    await first.server.holding.hold(ada, { ...limit, until: time.in(600_000) });
    await isTold(first, pause);
    await carryOut(first);
    time.ahead(600_001);
    await isTold(first, pause, resume);
    await carryOut(first);

    await first.server.holding.hold(ada, { ...limit, cause: "two", until: time.in(600_000) });
    await isTold(first, pause, resume, pause);
    await carryOut(first);
    const second = await first.restart(async () => time.ahead(600_001));
    await isTold(second, pause, resume, pause, resume);
    expect(second.server.holding.holdsOf(ada)).toEqual([]);
    await second.server.stop();
  });

  test("is let go again when its resume has expired, and when a later pause of a person was refused", async () => {
    const time = clock();
    await using run = await startTestServer({ now: time.now });
    await startAda(run);
    await run.server.holding.hold(ada, { ...limit, until: time.in(600_000) });
    await isTold(run, pause);
    await carryOut(run);
    time.ahead(600_001);
    await isTold(run, pause, resume);
    await ends(run, controls(run).at(-1)?.command_id, "expired");
    time.ahead(30_001);
    await isTold(run, pause, resume, resume);
    await carryOut(run);
    await hasStatus(run, "connected");

    await run.server.holding.hold(ada, budget);
    await isTold(run, pause, resume, resume, pause);
    await carryOut(run);
    const { command_id } = await run.server.sendCommand({ id: ada, type: "pause", from: "kim" });
    await run.server.holding.letGo(ada, "budget", "day");
    await ends(run, command_id, "refused");
    await isTold(run, pause, resume, resume, pause, "pause by kim", resume);
  });

  test("leaves a person's pause, and is overridden by a person's resume for its cause only", async () => {
    await using run = await startTestServer();
    await startAda(run);
    const give = (type: "pause" | "resume") => run.server.sendCommand({ id: ada, type, from: "kim" });
    const { holding } = run.server;
    const lifted: string[] = [];
    holding.onPersonResumed((id, holds) => lifted.push(`${id} ${holds.map(({ source }) => source)}`));

    await holding.hold(ada, limit);
    await isTold(run, pause);
    await give("pause");
    await holding.letGo(ada, "usage_limit", "account");
    await isTold(run, pause, "pause by kim");
    await holding.hold(ada, budget);
    await give("resume");
    await waitFor(() => lifted.length > 0, { what: "the override" });
    expect(lifted).toEqual(["ada day"]);
    expect(holding.holdsOf(ada)).toEqual([]);
    expect(holding.overriddenOf(ada)).toMatchObject([budget]);

    expect(await holding.hold(ada, budget)).toBe(false);
    expect(await holding.hold(ada, { ...budget, cause: "$6" })).toBe(true);
    await isTold(run, pause, "pause by kim", "resume by kim", pause);
    await holding.letGo(ada, "budget", "day");
    expect(holding.overriddenOf(ada)).toEqual([]);
    await isTold(run, pause, "pause by kim", "resume by kim", pause, resume);
  });

  test("is not overridden by whoever lifts only their own pause: the agent is held then", async () => {
    await using run = await startTestServer();
    await startAda(run);
    await run.server.sendCommand({ id: ada, type: "pause", from: "kim" });
    await isTold(run, "pause by kim");
    await run.server.holding.hold(ada, budget);
    await carryOut(run);
    const reason = () => run.server.fleet.get(ada)?.axes.control.reason;
    await waitFor(() => reason() === "pause by kim; also held: budget of $5 a day", {
      what: "why",
      saw: reason,
    });
    await run.server.sendCommand({ id: ada, type: "resume", from: "kim" });
    await isTold(run, "pause by kim", "resume by kim", pause);
    expect(run.server.holding.overriddenOf(ada)).toEqual([]);
  });

  test("holds the agent's next run as well, and a captain cannot lift it", async () => {
    await using run = await startTestServer();
    await startAda(run);
    await run.server.holding.hold(ada, limit);
    await isTold(run, pause);
    await startAda(run);
    await waitFor(() => controls(run).filter(({ receipts }) => receipts.length > 0).length === 2, {
      what: "the pause of the next run",
      saw: () => controls(run),
    });
    expect(controls(run).at(-1)?.run).toBe(run.server.fleet.get(ada)?.heartbeat?.instance_id);

    const boss = await startAgent(run, run.bus, "boss", { interval_s: 3_600, role: "captain" });
    const refused = await boss.call("command_agent", { id: "ada", type: "resume" });
    expect(refused).toMatchObject({ success: false });
    expect(refused.error).toContain("ada is held: usage limit");
  });
});
