// Reads from an answer the calls that the loop runs.
import { answerTool, type ModelCall } from "./chat-messages.ts";
import { isUnreadCall, mayBecomeCall, readPrintedCalls } from "./printed-calls.ts";
import type { ModelAnswer, RawCall } from "./read-answer.ts";

/** A call that the loop runs. `arguments` is what the model wrote if that is no JSON object. */
export interface ReadCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>> | string;
}

/** What the loop has of an answer. */
export interface ReadAnswer {
  /** Without printed calls. */
  readonly text: string;
  /** Whether they were made or printed. */
  readonly calls: readonly ReadCall[];
  /** The text of a printed call that cannot be read. */
  readonly unread?: string;
}

export function readCalls({ text, calls, isCutOff }: ModelAnswer, toolNames: readonly string[]): ReadAnswer {
  // The beginning of a call is no word for anybody.
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

/** Arguments that are no JSON object are never sent back: the server would refuse the conversation for good. */
export function wireCall({ id, name, arguments: args }: ReadCall): ModelCall {
  return { id, name, arguments: typeof args === "string" ? "{}" : JSON.stringify(args) };
}
