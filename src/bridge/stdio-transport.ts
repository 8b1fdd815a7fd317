// The MCP transport over given streams, one JSON-RPC message a line. The SDK's own transport closes the connection at a line over its
// limit, and silently drops what is not JSON-RPC. This one answers both with an error, and continues.

import type { Readable, Writable } from "node:stream";
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  ProtocolErrorCode,
  parseJSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import type { Logger } from "../log.ts";
import { maxPayloadBytes } from "../nats/payload.ts";
import { atMost } from "../waiting.ts";
import { createLineReader, type LongLine } from "./line-reader.ts";

/** Enough for every message that fits into NATS, even if JSON escapes make it longer. */
const maxLineBytes = 4 * maxPayloadBytes;

type RequestId = JSONRPCRequest["id"];

export interface StdioTransport extends Transport {
  /** Resolves when every request has its answer, when the signal aborts, or after `withinMs`. */
  settled(withinMs: number, signal: AbortSignal): Promise<void>;
}

export interface StdioTransportOptions {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly log: Logger;
  /** Sees each message before the server does. */
  readonly onIncoming: (message: JSONRPCMessage) => void;
  /** Called when the client is gone. */
  readonly onEnd: (how: "stdin closed" | "stdout closed") => void;
}

export function createStdioTransport(options: StdioTransportOptions): StdioTransport {
  const { stdin, stdout, log, onIncoming, onEnd } = options;
  const pending = new Set<RequestId>();
  const waiting = new Set<() => void>();
  let isClosed = false;

  const settle = (id: RequestId | undefined) => {
    if (id !== undefined) pending.delete(id);
    if (pending.size === 0) for (const done of waiting) done();
  };
  const write = (message: object) =>
    new Promise<void>((resolve, reject) => {
      stdout.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  const refuse = (id: unknown, code: number, message: string) => {
    log.warn(`MCP client: ${message}`);
    const error = { jsonrpc: "2.0", id: isRequestId(id) ? id : null, error: { code, message } };
    write(error).catch((cause: Error) => log.debug(`MCP: ${cause.message}`)); // the error listener of stdout ends the bridge
  };

  const onLine = (line: string) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      refuse(null, ProtocolErrorCode.ParseError, `not JSON: ${JSON.stringify(line.slice(0, 60))}`);
      return;
    }
    const message = asMessage(value);
    if (message === undefined) {
      const id = typeof value === "object" && value !== null && "id" in value ? value.id : null;
      refuse(id, ProtocolErrorCode.InvalidRequest, "not a JSON-RPC 2.0 message");
      return;
    }
    if (isRequest(message)) pending.add(message.id);
    onIncoming(message);
    transport.onmessage?.(message);
    // A cancelled request gets no answer (MCP 2025-11-25, cancellation).
    if (!isRequest(message) && "method" in message && message.method === "notifications/cancelled") {
      settle(message.params?.requestId as RequestId | undefined);
    }
  };
  const onLongLine = (line: LongLine) => {
    const megabytes = (line.bytes / 1024 / 1024).toFixed(0);
    const hint = "write the text to a file and give its path";
    refuse(
      idOfLongLine(line),
      ProtocolErrorCode.InvalidRequest,
      `a message of ${megabytes} MB is over the limit of ${maxLineBytes / 1024 / 1024} MB; ${hint}`,
    );
  };
  const reader = createLineReader(maxLineBytes, onLine, onLongLine);

  const onData = (chunk: Uint8Array) => reader.push(chunk);
  const onInputEnd = () => {
    stdin.off("end", onInputEnd).off("close", onInputEnd);
    reader.end();
    onEnd("stdin closed");
  };
  const onInputError = (error: Error) => {
    log.warn(`stdin: ${error.message}`);
    onInputEnd();
  };
  const onOutputError = (error: Error) => {
    log.debug(`stdout: ${error.message}`);
    onEnd("stdout closed");
  };

  const transport: StdioTransport = {
    async start() {
      stdout.on("error", onOutputError);
      stdin.on("error", onInputError).once("end", onInputEnd).once("close", onInputEnd).on("data", onData);
    },
    async send(message) {
      if (isClosed) return;
      if ("method" in message) await write(message);
      else await write(message).finally(() => settle(message.id));
    },
    async settled(withinMs, signal) {
      if (pending.size === 0 || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await atMost(withinMs, promise);
      waiting.delete(resolve);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      // Keep the error listeners, because a pipe may break while its last lines are being written.
      stdin.off("data", onData).off("end", onInputEnd).off("close", onInputEnd);
      stdin.pause();
      transport.onclose?.();
    },
  };
  return transport;
}

function asMessage(value: unknown): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(value);
  } catch {
    return undefined; // the caller answers with an error
  }
}

/** Of a valid message. The SDK's own `isJSONRPCRequest` would check all of it once more. */
function isRequest(message: JSONRPCMessage): message is JSONRPCRequest {
  return "method" in message && "id" in message;
}

function isRequestId(id: unknown): id is RequestId {
  return typeof id === "string" || typeof id === "number";
}

const idPattern = '"id"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*"|-?\\d+)';
const idAtHead = new RegExp(`^\\s*\\{\\s*(?:"jsonrpc"\\s*:\\s*"2\\.0"\\s*,\\s*)?${idPattern}`);
const idAtTail = new RegExp(`${idPattern}\\s*\\}\\s*$`);

/** Finds the id of a request whose line is too long. Clients write the id first or last. Texts cannot match, because their quotes are escaped. */
function idOfLongLine({ head, tail }: LongLine): unknown {
  const text = (idAtHead.exec(head) ?? idAtTail.exec(tail))?.[1];
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null; // not JSON, such as an escape that JSON does not have: answered without an id, as every line that is not JSON
  }
}
