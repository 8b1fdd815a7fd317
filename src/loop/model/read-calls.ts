// Reads from an answer the calls that the loop runs.
import { answerTool, type ModelCall } from "./chat-messages.ts";
import type { ModelAnswer, RawCall } from "./model-answer.ts";
import { isUnreadCall, mayBecomeCall, readPrintedCalls } from "./printed-calls.ts";

/** A call that the loop runs. If the model's arguments are not a JSON object, `arguments` is the model's text. */
export interface ReadCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>> | string;
}

/** What the loop uses of an answer. */
export interface ReadAnswer {
  /** Without printed calls. */
  readonly text: string;
  /** The calls that the model has made or printed. */
  readonly calls: readonly ReadCall[];
  /** The text of a printed call that cannot be read. */
  readonly unread?: string;
}

export function readCalls({ text, calls, isCutOff }: ModelAnswer, toolNames: readonly string[]): ReadAnswer {
  // Nobody is shown a text that may be the beginning of a call.
  if (isCutOff && calls.length === 0 && mayBecomeCall(text)) return { text: "", calls: [] };
  const printed = calls.length === 0 ? readPrintedCalls(text, [...toolNames, answerTool.name]) : [];
  if (printed.length === 0) {
    const isUnread = calls.length === 0 && !isCutOff && isUnreadCall(text);
    return isUnread ? { text: "", calls: [], unread: text } : { text, calls: calls.map(readCall) };
  }
  const read = printed.map(readCall);
  const end = read.find(({ name }) => name === answerTool.name && !toolNames.includes(answerTool.name));
  if (end === undefined) return { text: "", calls: read };
  // Calls beside the answer would run after the model has said that it is done.
  const words = typeof end.arguments === "string" ? end.arguments : end.arguments.text;
  return { text: typeof words === "string" ? words.trim() : JSON.stringify(end.arguments), calls: [] };
}

function readCall({ id, name, arguments: text }: RawCall): ReadCall {
  const args = text.trim() === "" ? {} : parseObject(text);
  return { id, name, arguments: args ?? text };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined; // cut off, or no JSON: the model is told
  }
}

/** Replaces arguments that are not a JSON object by `{}`, because the server would refuse every later request with the conversation. */
export function wireCall({ id, name, arguments: args }: ReadCall): ModelCall {
  return { id, name, arguments: typeof args === "string" ? "{}" : JSON.stringify(args) };
}
