// Learns how far llama.cpp has read the prompt of a request: reads its progress events, and takes them out of the answer, because the client
// has not asked for them. They come before anything else of the answer. Measured with llama.cpp b11549; other servers do not tell this.
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
}

const tokens = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const ProgressSchema = v.looseObject({
  prompt_progress: v.looseObject({ processed: tokens, total: tokens }),
});
/** A progress event has some 300 bytes. Whatever is longer than this is not one. */
const longestEventBytes = 8_192;
/** llama.cpp ends its lines without it. If it comes, another server sends the events, and they pass at once: `eventLength` finds no end in them. */
const carriageReturn = 13;
const nothing = new Uint8Array();

/** @param onProgress called with each event, at most one for each batch of the prompt */
export function createProgressFilter(onProgress: (progress: PromptProgress) => void): ProgressFilter {
  let kept = nothing;
  let isOver = false;
  const flush = () => {
    const bytes = kept;
    kept = nothing;
    return bytes;
  };
  return {
    push(bytes) {
      if (isOver) return bytes;
      kept = joined(kept, bytes);
      for (;;) {
        const length = eventLength(kept);
        const mayGrow = kept.length <= longestEventBytes && !kept.includes(carriageReturn);
        if (length === undefined && mayGrow) return nothing;
        const progress = length === undefined ? undefined : readProgress(kept.subarray(0, length));
        if (progress === undefined) {
          isOver = true;
          return flush();
        }
        onProgress(progress);
        kept = kept.subarray(length);
      }
    },
    rest: flush,
  };
}

function readProgress(event: Uint8Array): PromptProgress | undefined {
  const [, data = ""] = /^data:(.*)\n\n$/.exec(new TextDecoder().decode(event)) ?? [];
  const parsed = v.safeParse(ProgressSchema, parseJsonLine(data));
  if (!parsed.success) return undefined;
  const { processed, total } = parsed.output.prompt_progress;
  return { read: processed, all: total };
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
