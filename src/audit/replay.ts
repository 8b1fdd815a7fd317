// Publishes part of the audit again, below a prefix where no part of the system listens.

import type { AuditFilter } from "../domain/audit/audit-filter.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { replayRoot } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { publishAsIs } from "../nats/jetstream/publish-bytes.ts";
import { pause } from "../waiting.ts";
import { readAudit } from "./read-audit.ts";

export interface ReplayOptions {
  readonly filter: AuditFilter;
  /** See {@link parseReplayPrefix}. */
  readonly prefix: string;
  /** How many times as fast as recorded; 0 for no pauses. */
  readonly speed: number;
  readonly signal?: AbortSignal;
}

/**
 * Accepts `replay`, and `replay.` with a name. Any other prefix could be a subject that the system listens on.
 * @throws CliaiError `usage`
 */
export function parseReplayPrefix(text: string): string {
  const [root, ...rest] = text.split(".");
  if (root === replayRoot && rest.every((token) => /^[A-Za-z0-9_-]+$/.test(token))) return text;
  throw new CliaiError(
    "usage",
    `"${text}" cannot be the prefix of a replay: the fleet may listen on such subjects`,
    {
      hint: `use ${replayRoot}, or ${replayRoot}. and a name: --to ${replayRoot}.night`,
    },
  );
}

/**
 * Publishes each message on `<prefix>.<its subject>`, with the headers `Cliai-Audit-Seq` and `Cliai-Audit-Time`.
 * @returns the number of messages
 */
export async function replayAudit(
  bus: Bus,
  { filter, prefix, speed, signal }: ReplayOptions,
): Promise<number> {
  const startedMs = performance.now();
  let firstMs: number | undefined;
  let count = 0;
  for await (const { seq, subject, at, data } of readAudit(bus, filter)) {
    firstMs ??= Date.parse(at);
    const dueMs = speed === 0 ? 0 : (Date.parse(at) - firstMs) / speed;
    const leftMs = dueMs - (performance.now() - startedMs);
    if (leftMs > 0) await pause(leftMs, signal);
    signal?.throwIfAborted();
    const headers = { "Cliai-Audit-Seq": String(seq), "Cliai-Audit-Time": at };
    publishAsIs(bus, `${parseReplayPrefix(prefix)}.${subject}`, data, headers);
    count += 1;
    // Wait now and then until nats-server has taken the messages; otherwise they pile up in memory.
    if (count % 1_000 === 0) await bus.flush();
  }
  await bus.flush();
  return count;
}
