// What the commands know of the fleet: by a serve's word where one answers, else from the store, which they say.
import { describe, expect, test } from "bun:test";
import { createFleetReader, viewOf } from "../../../src/cli/fleet/fleet-reading.ts";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
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
    openFleetDesk(bus, { fleet, listeningSince: () => new Date().toISOString(), now, log });
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
