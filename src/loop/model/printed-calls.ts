// Finds calls that a model has printed as text instead of making them, as small models do.
import { parseJsonLine } from "../../domain/wire/decode.ts";
import type { RawCall } from "./model-answer.ts";

/** Whether a text that has come so far may become a printed call. Then it is not shown yet. */
export function mayBecomeCall(text: string): boolean {
  const start = text.trimStart();
  return start === "" || /^([{[<`])/.test(start);
}

/**
 * Returns the calls if the text is nothing but calls, if calls stand in `<tool_call>` tags, or if its end is one fenced block with a call:
 * JSON objects with the name of a known tool. JSON in the middle of prose is an example, and no call.
 */
export function readPrintedCalls(text: string, toolNames: readonly string[]): readonly RawCall[] {
  const tagged = [...text.matchAll(/<tool_call>([\s\S]*?)(?:<\/tool_call>|$)/g)].map(
    ([, inner = ""]) => inner,
  );
  if (tagged.length > 0) return callsIn(tagged.flatMap(jsonValues), toolNames);
  const fences = [...text.matchAll(/```\w*\n([\s\S]*?)(?:```|$)/g)];
  const [fence] = fences;
  if (fence !== undefined) {
    const isEnd = text.slice(fence.index + fence[0].length).trim() === "";
    return fences.length === 1 && isEnd ? callsIn(jsonValues(fence[1] ?? ""), toolNames) : [];
  }
  return callsIn(jsonValues(text), toolNames);
}

/**
 * Whether a text was meant as a call, although `readPrintedCalls()` finds none: the tool does not exist, the JSON is broken, or the model has
 * made up a result and written it after the call. Such a text must not count as an answer.
 */
export function isUnreadCall(text: string): boolean {
  const tag = text.lastIndexOf("<tool_call>");
  if (tag !== -1) return !/<\/tool_call>\s*\S/.test(text.slice(tag)); // words after it explain an example
  const [, fenced = text] = /^\s*```\w*\n([^`]*)(?:```\s*)?$/.exec(text) ?? [];
  const begun = /^\[?\s*\{\s*"(?:name|function)"\s*:\s*"[^"]*"\s*,\s*"(?:arguments|parameters)"\s*:/;
  return begun.test(fenced.trimStart());
}

/** The JSON values of which the text consists: one value, a list, or one value in each line. Empty if the text has anything else. */
function jsonValues(text: string): unknown[] {
  const whole = parseJsonLine(text.trim());
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole];
  const lines = text.trim().split(/\n+/).map(parseJsonLine);
  return lines.includes(undefined) ? [] : lines;
}

/** Either every value is a call, or none is. */
function callsIn(values: readonly unknown[], toolNames: readonly string[]): RawCall[] {
  const calls = values.map(callOf);
  const isEach = calls.every((call) => call !== undefined && toolNames.includes(call.name));
  return isEach ? calls.filter((call) => call !== undefined) : [];
}

function callOf(value: unknown): RawCall | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { function: inner, ...outer } = value as Record<string, unknown>;
  const {
    name,
    arguments: args,
    parameters,
  } = (typeof inner === "object" && inner !== null ? inner : { name: inner, ...outer }) as Record<
    string,
    unknown
  >;
  const given = args ?? parameters ?? {};
  if (typeof name !== "string") return undefined;
  const text = typeof given === "string" ? given : JSON.stringify(given);
  return { id: `printed_${crypto.randomUUID().slice(0, 8)}`, name, arguments: text };
}
