// Learns how far llama.cpp has read the prompt of a request whose answer does not tell it: those of `/v1/messages`. It looks at the server's
// slots again and again, and has the server count the tokens of the prompt once. Measured with llama.cpp b11549, which tells of its slots
// within a batch, too.
import * as v from "valibot";
import { pause } from "../waiting.ts";
import { askJson } from "./ask-json.ts";
import type { PromptProgress } from "./prompt-progress.ts";

export interface WatchedPrompt {
  /** Of the request to the server. */
  readonly target: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const tokens = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const CountSchema = v.looseObject({ input_tokens: tokens });
const SlotsSchema = v.array(
  v.looseObject({
    is_processing: v.boolean(),
    n_prompt_tokens_processed: v.optional(tokens),
    n_prompt_tokens_cache: v.optional(tokens),
    next_token: v.optional(v.array(v.looseObject({ n_decoded: tokens }))),
  }),
);
const looksEveryMs = 1_000;
const answersWithinMs = 5_000;

/** Whether the progress of a request on this path is to be seen in the slots, and nowhere else. */
export function isToldBySlots(path: string): boolean {
  return path.endsWith("/messages");
}

/**
 * Resolves when the signal aborts, which it has to do when the answer begins; or at once if the server does not tell.
 * @param onProgress called each time when it has read more
 */
export async function watchSlotProgress(
  { target, url, headers, body }: WatchedPrompt,
  signal: AbortSignal,
  onProgress: (progress: PromptProgress) => void,
): Promise<void> {
  const ask = (address: string, sent?: string) =>
    askJson(address, headers, AbortSignal.any([signal, AbortSignal.timeout(answersWithinMs)]), sent);
  try {
    const counted = v.safeParse(CountSchema, await ask(countAddress(target), body));
    if (!counted.success) return;
    const all = counted.output.input_tokens;
    for (let before = -1; !signal.aborted; ) {
      const slots = v.safeParse(SlotsSchema, await ask(`${url}/slots`));
      if (!slots.success) return;
      const read = readTokens(slots.output);
      if (read !== undefined && read !== before && read <= all && !signal.aborted) onProgress({ read, all });
      before = read ?? before;
      await pause(looksEveryMs, signal);
    }
  } catch {
    // The request itself shows what is wrong with the server. Its progress is not worth an error.
  }
}

/** Of the only slot that reads a prompt: a request whose answer has not begun is in such a slot. Undefined if there are several. */
function readTokens(slots: v.InferOutput<typeof SlotsSchema>): number | undefined {
  const reading = slots.filter((slot) => slot.is_processing && (slot.next_token?.[0]?.n_decoded ?? 0) === 0);
  const [slot] = reading;
  if (slot?.n_prompt_tokens_processed === undefined || reading.length > 1) return undefined;
  return slot.n_prompt_tokens_processed + (slot.n_prompt_tokens_cache ?? 0);
}

/** Without a `?beta=true`, which Claude Code puts at the end. */
function countAddress(target: string): string {
  const { origin, pathname } = new URL(target);
  return `${origin}${pathname}/count_tokens`;
}
