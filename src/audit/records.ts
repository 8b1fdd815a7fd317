// Publishes serve's own audit records without waiting: tool calls, and messages that could not be decoded. Of a flood of malformed
// messages it publishes a limited number, and the count of the others.
import type { MalformedRecord, OmittedRecord, ToolRecord } from "../domain/audit/audit.ts";
import { messageOf } from "../domain/text/errors.ts";
import { redact } from "../domain/text/redact.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { auditMalformedSubject, auditToolSubject } from "../domain/wire/subjects.ts";
import type { ToolDefinition } from "../domain/wire/tools/tool-definition.ts";
import { isToolName, tools } from "../domain/wire/tools/tools.ts";
import type { Logger } from "../log.ts";

/** How many bytes of a malformed message, and of a tool call's arguments, are kept. */
const sampleBytes = 4_096;
/** This many malformed messages are recorded at once, and then so many a second. */
const malformedBurst = 100;
const malformedPerSecond = 10;
const reportOmittedEveryMs = 1_000;
/**
 * How long the record of a call that only reads waits for others. Each record is written to the disk by itself, and followed by several readers:
 * at once, this takes a third of the time of the agent's next call.
 */
const gatherMs = 100;
const mostGathered = 250;

export interface AnsweredCall {
  readonly id: AgentId;
  readonly request_id: string | null;
  readonly tool: string;
  readonly arguments: unknown;
  readonly success: boolean;
  readonly error?: string;
  readonly took_ms: number;
}

/** A message that could not be decoded. */
export interface MalformedMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly error: unknown;
  /** The agent in the subject, if the subject names one. */
  readonly id: AgentId | undefined;
}

export interface AuditRecords {
  toolCall(call: AnsweredCall): void;
  malformed(message: MalformedMessage): void;
  /** Publishes what waits: records of calls that only read, and the count of omitted messages. */
  stop(): void;
}

export interface AuditRecordsOptions {
  /** Publishes without waiting. */
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
      log.warn(`an audit record is lost, because it cannot be published: ${messageOf(error)}`);
    }
  };
  const tellOmitted = () => {
    clearTimeout(telling);
    telling = undefined;
    if (omitted !== undefined) send(auditMalformedSubject(undefined), omitted);
    omitted = undefined;
  };

  const gathered: { readonly id: AgentId; readonly record: ToolRecord }[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const sendGathered = () => {
    clearTimeout(gathering);
    gathering = undefined;
    for (const { id, record } of gathered.splice(0)) send(auditToolSubject(id), record);
  };

  return {
    toolCall({ id, ...call }) {
      const at = now().toISOString();
      gathered.push({ id, record: { ...call, agent_id: id, ...boundArguments(call.arguments), at } });
      // The records keep the order of the calls.
      if (!hasOnlyRead(call) || gathered.length >= mostGathered) sendGathered();
      else gathering ??= setTimeout(sendGathered, gatherMs);
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
    stop() {
      sendGathered();
      tellOmitted();
    },
  };
}

function hasOnlyRead({ tool, success }: Pick<AnsweredCall, "tool" | "success">): boolean {
  if (!success || !isToolName(tool)) return false;
  const { annotations }: ToolDefinition = tools[tool];
  return annotations.readOnlyHint === true;
}

function boundArguments(args: unknown): Pick<ToolRecord, "arguments" | "arguments_bytes"> {
  const text = JSON.stringify(args ?? {});
  if (text.length <= sampleBytes) return { arguments: args ?? {} };
  return { arguments: text.slice(0, sampleBytes), arguments_bytes: Buffer.byteLength(text) };
}

/** As text if the bytes are UTF-8, without a last character that was cut in two; else as base64. */
function sampleOf(data: Uint8Array): Pick<MalformedRecord, "sample" | "sample_base64"> {
  const sample = data.subarray(0, sampleBytes);
  try {
    return {
      sample: new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: data.length > sampleBytes }),
    };
  } catch {
    // Not UTF-8: base64 keeps the exact bytes.
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
