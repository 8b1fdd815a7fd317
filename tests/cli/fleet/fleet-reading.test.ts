// What the commands know of the fleet: by a serve's word where one answers, else from the store, which they say.
import { describe, expect, test } from "bun:test";
import { createFleetReader, viewOf } from "../../../src/cli/fleet/fleet-reading.ts";
import { spentLine } from "../../../src/cli/fleet/usage-lines.ts";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { sumOf } from "../../../src/domain/spending/spending-report.ts";
import { sumOfToday } from "../../../src/domain/spending/spent-today.ts";
import { type AgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { serveFleetSubject } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import { openFleetDesk } from "../../../src/server/fleet/fleet-desk.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

function readerOf({ bus }: Pick<TestServer, "bus">) {
  const notes: string[] = [];
  const reader = createFleetReader(bus, { now: () => new Date(), note: (line) => notes.push(line) });
  return { notes, reader };
}

async function announce({ bus, server }: TestServer, ids: readonly string[]): Promise<void> {
  for (const agent_id of ids)
    bus.publish(`agent.${agent_id}.heartbeat`, { agent_id, instance_id: "i1", interval_s: 60 });
  await waitFor(() => ids.every((id) => server.fleet.get(parseAgentId(id))), { what: "they are known" });
}

describe("createFleetReader()", () => {
  test("a serve's word is taken, without a note, by its clock and by when it began to listen", async () => {
    const behind = () => new Date(Date.now() - 3_600_000);
    await using serve = await startTestServer({ now: behind });
    await announce(serve, ["ada"]);
    const { reader, notes } = readerOf(serve);
    const reading = await reader.require("ada");
    expect(viewOf(reading).axes.link.value).toBe("online");
    expect(Math.abs(reading.now.getTime() - behind().getTime())).toBeLessThan(10_000);
    expect(reading.listeningSince).toBeString();
    expect((await reader.find(ada))?.record.agent_id).toBe(ada);
    expect(await reader.find(parseAgentId("bob"))).toBeUndefined();
    await expect(reader.require("adda")).rejects.toMatchObject({
      code: "agent_unknown",
      hint: "did you mean ada?",
    });
    expect(notes).toEqual([]);
  });

  test("a fleet of more than one message holds comes whole, each agent once", async () => {
    await using nats = await startTestNats();
    const [bus, listener] = [await nats.bus(), await nats.bus()];
    const known = new Map(
      Array.from({ length: 24 }, (_, n) => {
        const id = parseAgentId(`agent-${String(23 - n).padStart(2, "0")}`);
        const at = new Date().toISOString();
        const record = reduceAgent(undefined, { type: "heartbeat", id, at, message: {} });
        return [id, { ...record, current_task: "ä".repeat(250_000) }] as const;
      }),
    );
    const fleet = { record: (id: AgentId) => known.get(id), records: () => known.values() };
    const [now, log] = [() => new Date(), silentLogger];
    const spending = { sessions: () => [], isComplete: () => true };
    openFleetDesk(bus, {
      fleet,
      spending,
      budgets: { of: () => [] },
      listeningSince: () => new Date().toISOString(),
      now,
      log,
    });
    let answers = 0;
    listener.subscribe(serveFleetSubject, () => {
      answers += 1;
    });
    await Promise.all([bus.flush(), listener.flush()]);
    const { records } = await readerOf({ bus: await nats.bus() }).reader.all();
    expect([...records.keys()]).toEqual([...known.keys()].reverse());
    expect([...records]).toEqual([...known].reverse());
    expect(answers).toBeGreaterThan(4);
  });

  test("what was spent today is what the costs page sums, also of sessions that are over and of removed agents", async () => {
    await using serve = await startTestServer();
    await announce(serve, ["ada"]);
    const use = (id: string, instance_id: string, estimated_cost: number) =>
      serve.bus.publishStored(`agent.${id}.event`, {
        ...{ agent_id: id, kind: "usage", instance_id },
        usage: { source: "results", tokens_used: 100, estimated_cost },
      });
    await use("ada", "r1", 5);
    await use("ada", "r2", 0.5);
    await use("gone", "r1", 2);
    const { spending } = serve.server;
    await waitFor(() => spending.sessions().length === 3, { what: "the sessions" });
    const { spentToday } = await readerOf(serve).reader.all();
    const span = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
    if (spentToday === undefined) throw new Error("serve has not told what was spent");
    expect(sumOfToday(spentToday)).toEqual(sumOf(spending.sessions(), span));
    expect(spentLine(spentToday)).toBe("$7.50 · 300 tokens today, est.");
    expect(spentLine(spentToday, new Set(["ada"]))).toBe("$5.50 · 200 tokens today, est.");
    await serve.server.stop();
    expect((await readerOf(serve).reader.all()).spentToday).toBeUndefined();
  });

  test("where no serve answers the store is read, and one note says so", async () => {
    await using serve = await startTestServer();
    await announce(serve, ["ada", "bob"]);
    await serve.server.stop();
    const { reader, notes } = readerOf(serve);
    expect([...(await reader.all()).records.keys()].map(String).sort()).toEqual(["ada", "bob"]);
    expect((await reader.find(ada))?.record.agent_id).toBe(ada);
    await expect(reader.require("adda")).rejects.toMatchObject({ hint: "did you mean ada?" });
    expect(notes).toEqual(["no serve answers: this is read from the store, which may be minutes behind"]);
  });
});
