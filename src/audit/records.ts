// Publishes the server's own audit records, without waiting: tool calls, and messages that could not be decoded. A flood of
// malformed messages leaves a bounded number of records and one count.
import type { MalformedRecord, OmittedRecord, ToolRecord } from "../domain/audit/audit.ts";
import { messageOf } from "../domain/text/errors.ts";
import { redact } from "../domain/text/redact.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { auditMalformedSubject, auditToolSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";

/** How much is kept of a malformed message (contract §3), and of a call's arguments. */
const sampleBytes = 4_096;
/** So many malformed messages are recorded at once, and so many a second after that. */
const malformedBurst = 100;
const malformedPerSecond = 10;
const reportOmittedEveryMs = 1_000;

export interface AnsweredCall {
  readonly id: AgentId;
  readonly request_id: string | null;
  readonly tool: string;
  readonly arguments: unknown;
  readonly success: boolean;
  readonly error?: string;
  readonly took_ms: number;
}

/** A message that could not be understood. */
export interface MalformedMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly error: unknown;
  /** The agent that the subject names, where it names one. */
  readonly id: AgentId | undefined;
}

export interface AuditRecords {
  toolCall(call: AnsweredCall): void;
  malformed(message: MalformedMessage): void;
  /** Publishes the count of what was left out and not told yet. */
  stop(): void;
}

export interface AuditRecordsOptions {
  /** Sends without waiting. */
  readonly publish: (subject: string, body: unknown) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

export function createAuditRecords({ publish, now, log }: AuditRecordsOptions): AuditRecords {
  const bucket = createTokenBucket(malformedBurst, malformedPerSecond);
  let omitted: OmittedRecord | undefined;
  let telling: ReturnType<typeof setTimeout> | undefined;

  const send = (subject: string, body: unknown) => {
    try {
      publish(subject, body);
    } catch (error) {
      log.warn(`a record of the audit is lost: ${messageOf(error)}`);
    }
  };
  const tellOmitted = () => {
    clearTimeout(telling);
    telling = undefined;
    if (omitted !== undefined) send(auditMalformedSubject(undefined), omitted);
    omitted = undefined;
  };

  return {
    toolCall({ id, ...call }) {
      const at = now().toISOString();
      const record: ToolRecord = { ...call, agent_id: id, ...boundArguments(call.arguments), at };
      send(auditToolSubject(id), record);
    },
    malformed({ subject, data, error, id }) {
      const at = now().toISOString();
      if (bucket.take(performance.now())) {
        const record: MalformedRecord = {
          subject: subject.slice(0, sampleBytes),
          error: redact(messageOf(error)).slice(0, sampleBytes),
          bytes: data.length,
          ...sampleOf(data),
          at,
        };
        send(auditMalformedSubject(id), record);
        return;
      }
      const { omitted: count, omitted_bytes, since } = omitted ?? { omitted: 0, omitted_bytes: 0, since: at };
      omitted = { omitted: count + 1, omitted_bytes: omitted_bytes + data.length, since, until: at };
      telling ??= setTimeout(tellOmitted, reportOmittedEveryMs);
    },
    stop: tellOmitted,
  };
}

function boundArguments(args: unknown): Pick<ToolRecord, "arguments" | "arguments_bytes"> {
  const text = JSON.stringify(args ?? {});
  if (text.length <= sampleBytes) return { arguments: args ?? {} };
  return { arguments: text.slice(0, sampleBytes), arguments_bytes: Buffer.byteLength(text) };
}

/** As text where the bytes are UTF-8; a character that the cut went through is left out. */
function sampleOf(data: Uint8Array): Pick<MalformedRecord, "sample" | "sample_base64"> {
  const sample = data.subarray(0, sampleBytes);
  try {
    return {
      sample: new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: data.length > sampleBytes }),
    };
  } catch {
    // No UTF-8: base64 keeps the bytes as they came.
    return { sample_base64: Buffer.from(sample).toString("base64") };
  }
}

function createTokenBucket(most: number, perSecond: number): { take(nowMs: number): boolean } {
  let tokens = most;
  let filledAtMs: number | undefined;
  return {
    take(nowMs) {
      const elapsedMs = Math.max(0, nowMs - (filledAtMs ?? nowMs));
      tokens = Math.min(most, tokens + (elapsedMs / 1_000) * perSecond);
      filledAtMs = nowMs;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
