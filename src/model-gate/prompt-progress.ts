// Learns how far llama.cpp has read the prompt of a request: reads its progress events, and takes them out of the answer, because the client
// has not asked for them. They come before anything else of the answer, except for the two events with which an answer of the OpenAI
// Responses API begins. Measured with llama.cpp b11549; other servers do not tell this.
import * as v from "valibot";
import { parseJsonLine } from "../domain/wire/decode.ts";

export interface PromptProgress {
  /** Tokens that the server has read, or had in its cache. */
  readonly read: number;
  /** Tokens of the prompt. */
  readonly all: number;
}

export interface ProgressFilter {
  /** Returns what the client gets of these bytes now. */
  push(bytes: Uint8Array): Uint8Array;
  /** Returns what was kept back, because the answer has ended. */
  rest(): Uint8Array;
  /** Whether the answer itself has begun, so that the prompt is read. */
  isOver(): boolean;
}

const tokens = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const EventSchema = v.looseObject({
  type: v.optional(v.string()),
  prompt_progress: v.optional(v.looseObject({ processed: tokens, total: tokens })),
});
/** The events with which a response begins, once each. llama.cpp repeats the second one for its progress. */
const beginnings = ["response.created", "response.in_progress"];
/** A progress event has some 300 bytes. Whatever is longer than this is not one. */
const longestEventBytes = 8_192;
/** llama.cpp ends its lines without it. If it comes, another server sends the events, and they pass at once: `eventLength` finds no end in them. */
const carriageReturn = 13;
const nothing = new Uint8Array();

/** @param onProgress called with each event, at most one for each batch of the prompt */
export function createProgressFilter(onProgress: (progress: PromptProgress) => void): ProgressFilter {
  const begun = new Set<string>();
  let kept = nothing;
  let isOver = false;
  const flush = () => {
    const bytes = kept;
    kept = nothing;
    return bytes;
  };
  /** Returns what the client gets of the event; undefined if the answer itself begins with it. */
  const take = (event: string): string | undefined => {
    const [, data = ""] = /^(?:event:[^\n]*\n)?data:(.*)\n\n$/.exec(event) ?? [];
    const parsed = v.safeParse(EventSchema, parseJsonLine(data));
    if (!parsed.success) return undefined;
    const { type = "", prompt_progress: progress } = parsed.output;
    const isBeginning = beginnings.includes(type) && !begun.has(type);
    if (progress !== undefined) onProgress({ read: progress.processed, all: progress.total });
    if (!isBeginning) return progress === undefined ? undefined : "";
    begun.add(type);
    return event.replace(/,"prompt_progress":\{[^{}]*\}/, "");
  };
  return {
    push(bytes) {
      if (isOver) return bytes;
      kept = joined(kept, bytes);
      let passed = nothing;
      for (;;) {
        const length = eventLength(kept);
        const mayGrow = kept.length <= longestEventBytes && !kept.includes(carriageReturn);
        if (length === undefined && mayGrow) return passed;
        const taken =
          length === undefined ? undefined : take(new TextDecoder().decode(kept.subarray(0, length)));
        if (taken === undefined) {
          isOver = true;
          return joined(passed, flush());
        }
        passed = joined(passed, new TextEncoder().encode(taken));
        kept = kept.subarray(length);
      }
    },
    rest: flush,
    isOver: () => isOver,
  };
}

/** The length of the first event, with the empty line at its end; undefined if that line has not come yet. */
function eventLength(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
  }
  return undefined;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
