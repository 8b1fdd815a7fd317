import { describe, expect, test } from "bun:test";
import { followAudit, readBefore, readNewest } from "../../src/audit/read-audit.ts";
import type { AuditFilter } from "../../src/domain/audit/audit-filter.ts";
import { silentLogger } from "../../src/log.ts";
import { readStreamFacts } from "../../src/nats/jetstream/read-stream.ts";
import { ada, bob } from "../support/agents.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { fill, read, readAll, recorded, startSigningServer, textOf } from "./audit-fixture.ts";

describe("readAudit(), readNewest() and followAudit()", () => {
  test("by agent, kind, time and text", async () => {
    const { run } = await startSigningServer();
    await using _ = run;
    const { bus } = run;
    // Without a heartbeat there would be an alert about bob, sooner or later.
    bus.publish("agent.bob.heartbeat", { status: "idle", interval_s: 3_600 });
    await waitFor(() => run.server.fleet.get(bob), { what: "bob" });
    bus.publish("agent.ada.event", { kind: "tool_start", tool: "Bash" });
    bus.publish("agent.ada.event", { kind: "prompt", detail: "Tidy UP" });
    bus.publish("agent.bob.status", { status: "idle", message: "nothing to tidy up" });
    bus.publish("agent.bob.command", { type: "pause", command_id: "c1" });
    await fill(run, 1, 1);
    await recorded(bus, { kind: "command" }); // it comes to AUDIT through COMMANDS, up to a second later
    const subjects = async (filter: AuditFilter) => (await read(bus, filter)).map(({ subject }) => subject);
    // The command may stand before or behind the status.
    expect((await subjects({ agent: bob })).toSorted()).toEqual(["agent.bob.command", "agent.bob.status"]);
    expect(await subjects({ kind: "prompt" })).toEqual(["agent.ada.event"]);
    expect(await subjects({ kind: "event.tool_start", agent: bob })).toEqual([]);
    expect(await subjects({ text: "tidy up" })).toEqual(["agent.ada.event", "agent.bob.status"]);
    expect((await subjects({ kind: "checkpoint" })).length).toBeGreaterThan(0);
    expect(await subjects({})).not.toContain("audit.checkpoint");
    const all = await readAll(bus);
    const atMs = Date.parse(all.at(-1)?.at ?? "");
    expect(await subjects({ sinceMs: atMs + 1 })).toEqual([]);
    expect(await subjects({ untilMs: Date.parse(all[0]?.at ?? "") - 1 })).toEqual([]);
    expect(await subjects({ sinceMs: 0, untilMs: atMs })).toEqual(await subjects({}));
  });

  test("a search that has no more time says from where it goes on, and finds the rest there", async () => {
    await using run = await startTestServer();
    const { bus } = run;
    for (let i = 0; i < 100; i += 1)
      bus.publish(`agent.${i < 3 ? "ada" : "bob"}.status`, { status: "idle", message: `${i}` });
    await waitFor(async () => (await readAll(bus)).length >= 100, { what: "the records" });
    const of: AuditFilter = { agent: ada, kind: "status" }; // an agent without heartbeats raises an alert that names it
    const { records, from, lowest } = await readBefore(bus, of, { limit: 5, untilMs: 0 });
    expect(records).toEqual([]);
    expect(from).toBeGreaterThan(lowest);
    const rest = await readBefore(bus, of, { limit: 2, before: from });
    expect(rest.records.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(rest.from).toBe(2);
    const last = await readBefore(bus, of, { limit: 2, before: rest.from });
    expect(last.records.map(({ seq }) => seq)).toEqual([1]);
    expect(last.from).toBe(last.lowest);
  });

  test("a page far back is read without what came after it, also if nothing of that fits", async () => {
    await using run = await startTestServer();
    const { bus } = run;
    const count = 8_000;
    for (let i = 0; i < count; i += 1) bus.publish("agent.bob.status", { status: "idle", message: `${i}` });
    await waitFor(async () => (await readStreamFacts(bus, "AUDIT")).last_seq >= count, {
      what: "the records",
    });
    const reader = await run.nats.bus("reader");
    const page = await readBefore(reader, { text: "nowhere" }, { limit: 5, before: 50 });
    expect(page).toMatchObject({ records: [], from: 1 });
    // It looks twice, and nats-server sends one batch of 2,000 ahead each time.
    expect(reader.connection.stats().inMsgs).toBeLessThan(count);
  });

  test("the newest, however far back they are", async () => {
    await using run = await startTestServer();
    const { bus } = run;
    for (let i = 0; i < 300; i += 1)
      bus.publish(`agent.${i < 3 ? "ada" : "bob"}.status`, { status: "idle", message: `${i}` });
    await recorded(bus, { agent: bob }, 297);
    // Agents without heartbeats raise alerts that name them, sooner or later.
    const newest = async (filter: AuditFilter, limit: number) =>
      (await readNewest(bus, { kind: "status", ...filter }, limit)).map(
        ({ data }) => (JSON.parse(textOf(data)) as { message: string }).message,
      );
    expect(await newest({}, 2)).toEqual(["298", "299"]);
    expect(await newest({ agent: ada }, 2)).toEqual(["1", "2"]);
    expect(await newest({ agent: ada }, 9)).toEqual(["0", "1", "2"]);
    expect(await newest({ agent: ada, sinceMs: Date.now() }, 9)).toEqual([]);
  });

  test("goes on with what comes, and only with what is asked for", async () => {
    await using run = await startTestServer();
    const seen: string[] = [];
    const following = followAudit(
      run.bus,
      { agent: bob, kind: "status" },
      "new",
      silentLogger,
      ({ subject }) => seen.push(subject),
    );
    await following.caughtUp;
    run.bus.publish("agent.ada.status", { status: "idle" });
    run.bus.publish("agent.bob.status", { status: "idle" });
    await waitFor(() => seen.length > 0, { what: "bob's status" });
    expect(seen).toEqual(["agent.bob.status"]);
    await following.stop();
  });
});
