// Which scripted turn answers a request to a model: rules first, then the turns in their order, then the fallback. Knows no wire form.
import { hasMatch, type TextMatch } from "./text-match.ts";

/** What a script needs to know of a request, whatever its wire form is. */
export interface ScriptedRequest {
  /** All text after the model's last message: prompts, injected text and tools' results. */
  readonly newText: string;
  /** Whether it asks for a title, a summary or the like: it has no tools, follows no script, and gets the answer "side". */
  readonly isSide: boolean;
}

/** A turn, or a function that makes it from the request, for example from a tool's result in `newText`. */
export type TurnOf<R, T> = T | ((request: R) => T);

export interface RuleOf<R, T> {
  /** Tried on `newText` of a request. */
  readonly match: TextMatch;
  readonly turn: TurnOf<R, T>;
  /** Answer only the first match. Default: every one. */
  readonly once?: boolean;
}

export interface ScriptOf<R, T> {
  /** Tried first, in order. */
  readonly rules?: readonly RuleOf<R, T>[];
  /** Taken one after the other by requests that no rule answers. */
  readonly turns?: readonly TurnOf<R, T>[];
  /** When the turns have run out. Default: the text "OK." */
  readonly fallback?: TurnOf<R, T>;
}

/** @param text makes a turn that only says this text */
export function createScriptReader<R extends ScriptedRequest, T extends object>(
  { rules = [], turns = [], fallback }: ScriptOf<R, T>,
  text: (words: string) => T,
): (request: R) => T {
  const spent = new Set<RuleOf<R, T>>();
  const left = [...turns];
  return (request) => {
    if (request.isSide) return text("side");
    const rule = rules.find(
      (candidate) => !spent.has(candidate) && hasMatch(request.newText, candidate.match),
    );
    if (rule?.once) spent.add(rule);
    const turn = rule?.turn ?? left.shift() ?? fallback ?? text("OK.");
    return typeof turn === "function" ? turn(request) : turn;
  };
}

/** The texts in a message, a content block or a tool's result, however deep. */
export function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== "object" || value === null) return [];
  return [
    ...("text" in value ? textsOf(value.text) : []),
    ...("content" in value ? textsOf(value.content) : []),
  ];
}

/** The text in pieces of 12 characters, as a model would send it. */
export function piecesOf(text: string): string[] {
  return text.match(/.{1,12}/gsu) ?? [];
}

/** What a failed wait for a request shows. */
export function summaryOf(requests: readonly ScriptedRequest[]): string {
  const lines = requests.map(({ isSide, newText }) => `${isSide ? "side" : "main"}: …${newText.slice(-300)}`);
  return `${requests.length} requests\n${lines.join("\n")}`;
}
