// Writes and reads the audit as a file of JSON Lines. Each line has a record's sequence, subject, time and exact bytes, so that the
// file can be verified. The first line is a header: the span, and whether the records were filtered.
import { createReadStream } from "node:fs";
import * as v from "valibot";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { createLineSplitter, jsonLine } from "../domain/text/lines.ts";
import { checkMessage, decodeMessage, parseJson } from "../domain/wire/decode.ts";
import { auditCheckpointSubject, streams } from "../domain/wire/subjects.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import type { AuditSource } from "./audit-source.ts";

const HeaderSchema = v.object({
  cliai_audit_export: v.literal(1),
  stream: v.string(),
  exported_at: v.string(),
  /** The span of the export. */
  from_seq: v.number(),
  to_seq: v.number(),
  /** The size of the whole stream. */
  stream_bytes: v.number(),
  /** Whether the file holds only some of the records of that span. */
  filtered: v.boolean(),
});
export type ExportHeader = v.InferOutput<typeof HeaderSchema>;

const LineSchema = v.object({
  seq: v.number(),
  subject: v.string(),
  time: v.string(),
  payload: v.optional(v.unknown()),
  payload_base64: v.optional(v.string()),
});

export function exportLine({ seq, subject, at, data }: StreamMessage): string {
  return jsonLine({ seq, subject, time: at, ...payloadOf(data) });
}

/** As JSON if JSON.stringify gives exactly the same bytes again and the JSON is not nested too deep, else as base64. */
function payloadOf(data: Uint8Array): { payload: unknown } | { payload_base64: string } {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = bytes.toString();
  try {
    const payload = parseJson(text);
    if (JSON.stringify(payload) === text && bytes.equals(Buffer.from(text))) return { payload };
  } catch {
    // Not JSON, or nested too deep: keep the bytes.
  }
  return { payload_base64: bytes.toString("base64") };
}

/** @throws CliaiError `usage` if the file cannot be read, or is not an export */
export async function openFileSource(path: string): Promise<AuditSource> {
  const header = await readHeader(path);
  return {
    name: path,
    from_seq: header.from_seq,
    to_seq: header.to_seq,
    last_seq: header.to_seq,
    bytes: header.stream_bytes,
    isOriginal: header.stream === streams.audit,
    isFiltered: header.filtered,
    readAt: header.exported_at,
    records: () => readRecords(path, () => true),
    checkpoints: () => readRecords(path, (subject) => subject === auditCheckpointSubject),
  };
}

async function readHeader(path: string): Promise<ExportHeader> {
  for await (const line of linesOf(path)) {
    try {
      return decodeMessage(HeaderSchema, line);
    } catch (cause) {
      throw new CliaiError("usage", `${path} is not an export of the audit: ${messageOf(cause)}`, {
        hint: `make one: cliai audit --export ${path}`,
        cause,
      });
    }
  }
  throw new CliaiError("usage", `${path} is empty`, { hint: `make one: cliai audit --export ${path}` });
}

async function* readRecords(
  path: string,
  isWanted: (subject: string) => boolean,
): AsyncGenerator<StreamMessage, void> {
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (number === 1 || line === "") continue;
    const record = readLine(line, `${path}:${number}`);
    if (isWanted(record.subject)) yield record;
  }
}

function readLine(line: string, place: string): StreamMessage {
  try {
    // Not with decodeMessage, because its limit on nesting is for a message alone, and here the message is nested in a line.
    const { seq, subject, time, payload, payload_base64 } = checkMessage(LineSchema, JSON.parse(line));
    const data =
      payload_base64 === undefined
        ? Buffer.from(JSON.stringify(payload))
        : Buffer.from(payload_base64, "base64");
    return { seq, subject, at: time, data };
  } catch (cause) {
    throw new CliaiError("failed", `${place} is not a record: ${messageOf(cause)}`, {
      hint: "the file is damaged there; export it again, or verify the stream itself",
      cause,
    });
  }
}

async function* linesOf(path: string): AsyncGenerator<string, void> {
  const input = createReadStream(path, "utf8");
  const splitter = createLineSplitter();
  try {
    for await (const part of input as AsyncIterable<string>) yield* splitter.push(part);
  } catch (cause) {
    throw new CliaiError("usage", `cannot read ${path}: ${messageOf(cause)}`, {
      hint: "name a file that `cliai audit --export FILE` has written",
      cause,
    });
  } finally {
    input.destroy();
  }
  if (splitter.rest() !== "") yield splitter.rest();
}
