// What the server adds to the audit, and how it is read, exported and replayed, on a real nats-server.

import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { exportLine, openFileSource } from "../../src/audit/export-file.ts";
import { followAudit, openExport, readAudit, readNewest } from "../../src/audit/read-audit.ts";
import { createAuditRecords } from "../../src/audit/records.ts";
import { parseReplayPrefix, replayAudit } from "../../src/audit/replay.ts";
import type { AuditFilter } from "../../src/domain/audit/audit-filter.ts";
import type { AgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import type { StreamMessage } from "../../src/nats/jetstream/follow.ts";
import { ada, bob } from "../support/agents.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { fill, now, readAll, startSigningServer, textOf, verify } from "./audit-fixture.ts";

async function read(bus: Bus, filter: AuditFilter): Promise<StreamMessage[]> {
  const found: StreamMessage[] = [];
  for await (const record of readAudit(bus, filter)) found.push(record);
  return found;
}

async function recorded(bus: Bus, filter: AuditFilter, count = 1): Promise<Record<string, unknown>[]> {
  const found = await waitFor(
    async () => {
      const records = await read(bus, filter);
      return records.length >= count && records;
    },
    { what: `${count} records of ${JSON.stringify(filter)}` },
  );
  return found.map(({ data }) => JSON.parse(textOf(data)) as Record<string, unknown>);
}

function call(run: TestServer, id: AgentId, body: unknown): Promise<Uint8Array> {
  return run.bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
}

describe("the audit", () => {
  test("records each tool call with its arguments and outcome", async () => {
    await using run = await startTestServer();
    await call(run, ada, { request_id: "r1", tool: "report_status", arguments: { status: "idle" } });
    await call(run, ada, {
      request_id: "r2",
      tool: "log_activity",
      arguments: { action: "x".repeat(9_000) },
    });
    await call(run, bob, { request_id: "r3", tool: "no_such_tool" });
    const [first, second] = await recorded(run.bus, { agent: ada, kind: "tool" }, 2);
    expect(first).toMatchObject({
      request_id: "r1",
      agent_id: "ada",
      arguments: { status: "idle" },
      success: true,
    });
    expect(second).toMatchObject({ request_id: "r2", success: false, arguments_bytes: 9_013 });
    expect(String(second?.arguments)).toHaveLength(4_096);
    const [third] = await recorded(run.bus, { agent: bob, kind: "tool" });
    expect(third).toMatchObject({
      request_id: "r3",
      success: false,
      error: expect.stringContaining("no_such_tool"),
    });
  });

  test("a call is answered by the server alone, not by the stream that records it", async () => {
    await using run = await startTestServer();
    const answer = await call(run, ada, { request_id: "r", tool: "list_agents" });
    expect(JSON.parse(textOf(answer))).toMatchObject({ request_id: "r", success: true });
  });

  test("keeps the first 4 KiB of a malformed message, as text or as bytes, once over a restart", async () => {
    await using run = await startTestServer();
    run.bus.publish("agent.ada.status", "x".repeat(10_000));
    run.bus.connection.publish("agent.bob.heartbeat", new Uint8Array([0xff, 0xfe, 0x00]));
    run.bus.publish("agent.bob.status", { agent_id: "ada", status: "idle" });
    const [text] = await recorded(run.bus, { agent: ada, kind: "malformed" });
    expect(text).toMatchObject({
      subject: "agent.ada.status",
      bytes: 10_002,
      sample: `"${"x".repeat(4_095)}`,
    });
    const ofBob = await recorded(run.bus, { agent: bob, kind: "malformed" }, 2);
    expect(ofBob.find(({ subject }) => subject === "agent.bob.heartbeat")).toMatchObject({
      sample_base64: "//4A",
    });
    expect(ofBob.find(({ subject }) => subject === "agent.bob.status")?.error).toContain(
      'the subject says "bob"',
    );
    const next = await run.restart();
    next.bus.publish("agent.ada.event", "again");
    await recorded(next.bus, { agent: ada, kind: "malformed" }, 2);
    expect(await read(next.bus, { kind: "malformed" })).toHaveLength(4);
    await next.server.stop();
  });

  test("what is said of a malformed message, in its record and its alert, holds no secret of it, nor a part of one", async () => {
    await using run = await startTestServer();
    const seed = `SU${"A".repeat(56)}`;
    run.bus.publish(`agent.${ada}.status`, "x");
    await run.bus.flush();
    run.bus.connection.publish(`agent.${ada}.event`, `{"token":"${seed}"`);
    const records = await recorded(run.bus, { agent: ada, kind: "malformed" }, 2);
    const said = [
      ...records.map(({ error }) => error),
      ...run.server.alerts.open().map(({ message }) => message),
    ];
    expect(said.join("\n")).toContain('not JSON: "{\\"token\\":\\"***');
    expect(said.join("\n")).not.toContain(seed.slice(0, 10));
  });

  test("a flood of malformed messages leaves a bounded number of records and a count of the rest", () => {
    const sent: unknown[] = [];
    const records = createAuditRecords({
      publish: (_subject, body) => sent.push(body),
      now,
      log: silentLogger,
    });
    for (let i = 0; i < 100_000; i += 1)
      records.malformed({ subject: "agent.ada.status", data: new Uint8Array(100), error: "no", id: ada });
    records.stop();
    expect(sent.length).toBeLessThan(200);
    const omitted = sent.reduce<number>(
      (sum, body) => sum + ((body as { omitted?: number }).omitted ?? 0),
      0,
    );
    expect(omitted + sent.filter((body) => "sample" in (body as object)).length).toBe(100_000);
  });

  test("heartbeats are kept only where that is asked for", async () => {
    await using without = await startTestServer();
    await using kept = await startTestServer({ audit: { heartbeats: true } });
    for (const { bus } of [without, kept]) {
      bus.publish("agent.ada.heartbeat", { status: "idle" });
      bus.publish("agent.ada.status", { status: "idle" });
      await recorded(bus, { kind: "status" });
    }
    expect(await read(without.bus, { kind: "heartbeat" })).toHaveLength(0);
    expect(await read(kept.bus, { kind: "heartbeat" })).toHaveLength(1);
  });
});

describe("reading the audit", () => {
  test("by agent, kind, time and text", async () => {
    const { run } = await startSigningServer();
    await using _ = run;
    const { bus } = run;
    bus.publish("agent.ada.event", { kind: "tool_start", tool: "Bash" });
    bus.publish("agent.ada.event", { kind: "prompt", detail: "Tidy UP" });
    bus.publish("agent.bob.status", { status: "idle", message: "nothing to tidy up" });
    bus.publish("agent.bob.command", { type: "pause", command_id: "c1" });
    await fill(run, 1, 1);
    const subjects = async (filter: AuditFilter) => (await read(bus, filter)).map(({ subject }) => subject);
    const ofBob = (await subjects({ agent: bob })).filter((subject) => subject !== "dashboard.alert");
    expect(ofBob).toEqual(["agent.bob.status", "agent.bob.command"]);
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
    const following = followAudit(run.bus, { agent: bob }, "new", silentLogger, ({ subject }) =>
      seen.push(subject),
    );
    await following.caughtUp;
    run.bus.publish("agent.ada.status", { status: "idle" });
    run.bus.publish("agent.bob.status", { status: "idle" });
    await waitFor(() => seen.length > 0, { what: "bob's status" });
    expect(seen).toEqual(["agent.bob.status"]);
    await following.stop();
  });
});

describe("an exported audit", () => {
  const exported = async (bus: Bus, filter: AuditFilter) => {
    const { header, records } = await openExport(bus, filter, now());
    const lines = [JSON.stringify(header)];
    for await (const record of records) lines.push(exportLine(record));
    return lines;
  };
  /** An export that ends with a checkpoint. The server adds records of its own at any time, and signs them a second later. */
  const exportedSigned = async (bus: Bus) =>
    await waitFor(
      async () => {
        const lines = await exported(bus, {});
        return lines.at(-1)?.includes('"subject":"audit.checkpoint"') && lines;
      },
      { what: "an export that is signed to its end" },
    );

  test("is faithful to the byte, and names each kind of tampering as the stream does", async () => {
    const { run, key } = await startSigningServer();
    await using _ = run;
    await using dir = await tempDir();
    run.bus.connection.publish("agent.ada.event", new Uint8Array([0xff, 0x00]));
    run.bus.connection.publish("agent.ada.event", '{ "kind": "prompt",  "n": 1.0 }');
    await fill(run, 1, 20);
    await fill(run, 21, 30);
    const lines = await exportedSigned(run.bus);
    const check = async (edited: readonly string[]) => {
      const path = dir.join("export.jsonl");
      await writeFile(path, `${edited.join("\n")}\n`);
      return await verify(await openFileSource(path), [key.publicKey]);
    };
    const place = lines.findIndex((line) => line.includes("step 7"));
    const { seq } = JSON.parse(lines[place] ?? "") as { seq: number };
    expect(await check(lines)).toMatchObject({ kinds: [], result: { ok: true, unsigned: 0 } });
    const changed = lines.map((line) => line.replace('"step 7"', '"step 8"'));
    expect((await check(changed)).kinds).toEqual([`changed ${seq}`]);
    expect((await check(lines.toSpliced(place, 1))).kinds).toEqual([`removed ${seq}`]);
    expect((await check(lines.toSpliced(1, 1))).kinds).toEqual(["removed 1"]);
    expect((await check(lines.slice(0, -1))).kinds).toEqual([`removed ${lines.length - 1}`]);
    const swapped = lines.toSpliced(place, 2, ...lines.slice(place, place + 2).reverse());
    const [kind, ...more] = (await check(swapped)).kinds;
    expect([`reordered ${seq}`, `reordered ${seq + 1}`]).toContain(kind ?? "");
    expect(more).toEqual([]);
    const backdated = lines.map((line, i) =>
      i === place ? line.replace(/"time":"20\d\d/, '"time":"1999') : line,
    );
    expect((await check(backdated)).kinds).toEqual([`renumbered ${seq}`]);
  });

  test("of texts with other ends of a line in them, and of what is nested deep, can be verified", async () => {
    const { run, key } = await startSigningServer();
    await using _ = run;
    await using dir = await tempDir();
    const ends = "one\u2028two\u2029three\u0085four\vfive\r";
    const nested = (levels: number) =>
      `{"kind":"prompt","detail":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    run.bus.connection.publish("agent.ada.event", JSON.stringify({ kind: "prompt", detail: ends }));
    for (const levels of [62, 63, 64, 5_000]) run.bus.connection.publish("agent.ada.event", nested(levels));
    await fill(run, 1, 3);
    const lines = await exportedSigned(run.bus);
    const path = dir.join("export.jsonl");
    const check = async (text: string) => {
      await writeFile(path, text);
      return await verify(await openFileSource(path), [key.publicKey]);
    };
    const whole = { kinds: [], result: { ok: true, unsigned: 0, records: lines.length - 1 } };
    expect(await check(`${lines.join("\n")}\n`)).toMatchObject(whole);
    expect(await check(lines.join("\r\n"))).toMatchObject(whole);
    // As a file of an earlier version has them, and for a program that ends its lines there.
    expect(lines.join()).not.toMatch(/[\u0085\u2028\u2029]/);
    const asTheyAre = lines.map((line) =>
      line.replace(/\\u(0085|2028|2029)/g, (_all, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      ),
    );
    expect(asTheyAre.join()).toContain("one\u2028two");
    expect(await check(`${asTheyAre.join("\n")}\n`)).toMatchObject(whole);
  });

  test("of a span, and of one agent, can be verified as well", async () => {
    const { run, key } = await startSigningServer();
    await using _ = run;
    await using dir = await tempDir();
    await fill(run, 1, 10);
    const middleMs = Date.now();
    run.bus.publish("agent.bob.status", { status: "idle", message: "of bob" });
    await fill(run, 11, 20);
    await fill(run, 21, 30);
    const untilMs = Date.parse(
      (await readAll(run.bus)).find(({ data }) => textOf(data).includes("step 20"))?.at ?? "",
    );
    const check = async (filter: AuditFilter, edit: (line: string) => string) => {
      const path = dir.join("export.jsonl");
      await writeFile(path, `${(await exported(run.bus, filter)).map(edit).join("\n")}\n`);
      return await verify(await openFileSource(path), [key.publicKey]);
    };
    const same = (line: string) => line;
    const span = await check({ sinceMs: middleMs, untilMs }, same);
    expect(span).toMatchObject({ kinds: [], result: { ok: true, unsigned: 0, gap: { why: "export" } } });
    const damaged = await check({ sinceMs: middleMs, untilMs }, (line) => line.replace("step 15", "step 14"));
    expect(damaged.kinds).toHaveLength(1);
    expect(damaged.kinds[0]).toStartWith("changed ");
    expect(await check({ agent: bob }, same)).toMatchObject({
      kinds: [],
      result: { ok: true, filtered: true },
    });
    expect((await check({ agent: bob }, (line) => line.replace("of bob", "of eve"))).kinds).toHaveLength(1);
  });

  test("a file that is none is named", async () => {
    await using dir = await tempDir();
    const path = dir.join("other.json");
    await expect(openFileSource(path)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(path),
      hint: expect.stringContaining("cliai audit --export"),
    });
    await writeFile(path, '{"a":1}\n');
    await expect(openFileSource(path)).rejects.toMatchObject({
      message: expect.stringContaining("not an export of the audit"),
    });
  });
});

describe("replayAudit()", () => {
  test("publishes a span under its prefix with the original bytes, and nothing on live subjects", async () => {
    await using run = await startTestServer();
    const { bus } = run;
    bus.connection.publish("agent.ada.event", '{ "kind": "prompt" }');
    bus.publish("agent.ada.command", { type: "pause", command_id: "c1" });
    await recorded(bus, { kind: "command" });
    const before = (await readAll(bus)).length;
    const heard: string[] = [];
    const live: string[] = [];
    bus.connection.subscribe("replay.>", {
      callback: (_error, { subject, data, headers }) =>
        heard.push(`${subject} ${textOf(data)} ${headers?.get("Cliai-Audit-Seq")}`),
    });
    for (const subject of ["agent.>", "tools.>", "captain.>", "audit.>", "dashboard.alert"])
      bus.subscribe(subject, (message) => live.push(message.subject));
    await bus.flush();
    expect(await replayAudit(bus, { filter: { agent: ada }, prefix: "replay.night", speed: 0 })).toBe(2);
    await waitFor(() => heard.length === 2, { what: "both" });
    expect(heard[0]).toBe('replay.night.agent.ada.event { "kind": "prompt" } 1');
    expect(live).toEqual([]);
    expect((await readAll(bus)).length).toBe(before);
  });

  test("keeps the pace of what happened, so many times as fast", async () => {
    await using run = await startTestServer();
    run.bus.publish("agent.ada.status", { status: "idle" });
    const [first] = await waitFor(
      async () => {
        const all = await readAll(run.bus);
        return all.length === 1 && all;
      },
      { what: "the first" },
    );
    await waitFor(() => Date.now() - Date.parse(first?.at ?? "") > 600, { what: "a distance in time" });
    run.bus.publish("agent.ada.status", { status: "working" });
    await recorded(run.bus, { kind: "status" }, 2);
    const took = (speed: number) => msOf(() => replayAudit(run.bus, { filter: {}, prefix: "replay", speed }));
    const atTwiceTheSpeed = await took(2);
    expect(atTwiceTheSpeed).toBeGreaterThan(250);
    expect(await leastRatio(1, async () => (await took(0)) / atTwiceTheSpeed)).toBeLessThanOrEqual(1);
  });

  test.each([
    "agent",
    "agent.ada",
    "tools.call",
    ">",
    "*",
    "replay.>",
    "replay.*",
    "replay.",
    "",
    "$JS.API",
    "replays",
  ])("refuses the prefix %j", (prefix) =>
    expect(() => parseReplayPrefix(prefix)).toThrow("cannot be the prefix of a replay"),
  );
});
