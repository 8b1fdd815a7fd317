// A server that signs its audit, statuses to fill it with, copies of the stream that are tampered with, and what verify says.
import { type AuditSource, openStreamSource } from "../../src/audit/audit-source.ts";
import type { Finding } from "../../src/audit/findings.ts";
import { readAudit } from "../../src/audit/read-audit.ts";
import { createSigningKey } from "../../src/audit/signing.ts";
import type { AuditOptions } from "../../src/audit/start-signing.ts";
import { type Verification, verifyAudit } from "../../src/audit/verify.ts";
import type { AuditFilter } from "../../src/domain/audit/audit-filter.ts";
import type { Bus } from "../../src/nats/bus.ts";
import type { StreamMessage } from "../../src/nats/jetstream/follow.ts";
import { publishAsIs } from "../../src/nats/jetstream/publish-bytes.ts";
import { readStream, readStreamFacts } from "../../src/nats/jetstream/read-stream.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

export const now = () => new Date();
export const textOf = (data: Uint8Array) => new TextDecoder().decode(data);
export const bytesOf = (text: string) => new TextEncoder().encode(text);

export async function startSigningServer(options: Partial<AuditOptions> = {}) {
  const key = options.key ?? createSigningKey();
  return { key, run: await startTestServer({ audit: { ...options, key } }) };
}

/** Stores statuses `from` to `to` of agent ada and waits until they are signed. */
export async function fill({ bus }: TestServer, from: number, to: number): Promise<void> {
  await storeStatuses(bus, from, to);
  await signed(bus);
}

/** Stores statuses `from` to `to` of agent ada. */
export async function storeStatuses(bus: Bus, from: number, to: number): Promise<void> {
  const status = (i: number) => ({ status: "working", message: `step ${i}` });
  for (let i = from; i < to; i += 1) bus.publish("agent.ada.status", status(i));
  // The stream takes them in their order. So it has all of them when it has the last one.
  await bus.publishStored("agent.ada.status", status(to));
}

export async function signed(bus: Bus): Promise<Verification> {
  return await waitFor(
    async () => {
      const { result } = await verify(await openStreamSource(bus, { now }));
      return result.unsigned === 0 && result.signed_to > 0 && result;
    },
    { what: "everything signed", intervalMs: 100 },
  );
}

export async function verify(source: AuditSource, trustedKeys: string[] = []) {
  const findings: Finding[] = [];
  const result = await verifyAudit(source, { trustedKeys, onFinding: (finding) => findings.push(finding) });
  return { result, findings, kinds: findings.map(({ kind, seq }) => `${kind} ${seq}`) };
}

export async function verifyStream(bus: Bus, trustedKeys?: string[]) {
  return await verify(await openStreamSource(bus, { now }), trustedKeys);
}

export async function readAll(bus: Bus, stream = "AUDIT"): Promise<StreamMessage[]> {
  const all: StreamMessage[] = [];
  for await (const message of readStream(bus, { stream })) all.push(message);
  return all;
}

/** The records that readAudit() gives. */
export async function read(bus: Bus, filter: AuditFilter): Promise<StreamMessage[]> {
  const found: StreamMessage[] = [];
  for await (const record of readAudit(bus, filter)) found.push(record);
  return found;
}

/** The payloads of the records that match, once there are so many. */
export async function recorded(bus: Bus, filter: AuditFilter, count = 1): Promise<Record<string, unknown>[]> {
  const found = await waitFor(
    async () => {
      const records = await read(bus, filter);
      return records.length >= count && records;
    },
    { what: `${count} records of ${JSON.stringify(filter)}` },
  );
  return found.map(({ data }) => JSON.parse(textOf(data)) as Record<string, unknown>);
}

/** Copies the records of AUDIT, as the edit gives them back, into a stream of its own. */
export async function copyAudit(
  bus: Bus,
  name: string,
  edit: (records: StreamMessage[]) => StreamMessage[],
): Promise<AuditSource> {
  const records = edit(await readAll(bus));
  const prefix = `${name}.`;
  const manager = await bus.connection.jetstreamManager();
  await manager.streams.add({ name, subjects: [`${prefix}>`] });
  for (const { subject, data } of records) publishAsIs(bus, prefix + subject, data, {});
  await waitFor(async () => (await readStreamFacts(bus, name)).messages === records.length, {
    what: "the copy",
  });
  return await openStreamSource(bus, { stream: name, prefix, now });
}
