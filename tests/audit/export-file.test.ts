import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { exportLine, openFileSource } from "../../src/audit/export-file.ts";
import { openExport } from "../../src/audit/read-audit.ts";
import type { AuditFilter } from "../../src/domain/audit/audit-filter.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { bob } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { fill, now, readAll, startSigningServer, textOf, verify } from "./audit-fixture.ts";

describe("openExport() and openFileSource()", () => {
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
