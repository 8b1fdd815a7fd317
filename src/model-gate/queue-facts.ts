// Asks a model server what the queue has to know of it: how many requests it works on at the same time.
// Measured with llama.cpp b11549 and Ollama 0.17.4.
import * as v from "valibot";
import type { ModelServerKind } from "../domain/model-server.ts";
import { pause } from "../waiting.ts";
import { askJson } from "./ask-json.ts";

export interface QueueFacts {
  readonly kind: ModelServerKind;
  /** Undefined if neither the server nor the settings tell: then its requests do not wait. */
  readonly slots: number | undefined;
}

export interface QueueSettings {
  /** The server's base, without `/v1`. */
  readonly url: string;
  readonly kind: ModelServerKind | undefined;
  readonly slots: number | undefined;
}

const PropsSchema = v.looseObject({
  default_generation_settings: v.looseObject({}),
  total_slots: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
const VersionSchema = v.looseObject({ version: v.string() });
const SlotsSchema = v.array(
  v.looseObject({ id: v.number(), id_task: v.optional(v.number()), is_processing: v.boolean() }),
);
/** Ollama answers one request after another, unless OLLAMA_NUM_PARALLEL is set. It does not tell the value of this variable. */
const ollamaSlots = 1;
const answerWithinMs = 5_000;

/** Undefined if the server does not answer, or loads its model. @param headers of the client's request, because the server may want its key */
export async function readQueueFacts(
  { url, kind, slots }: QueueSettings,
  headers: Readonly<Record<string, string>>,
): Promise<QueueFacts | undefined> {
  if (kind !== undefined && slots !== undefined) return { kind, slots };
  const ask = (path: string) => askJson(url + path, headers, AbortSignal.timeout(answerWithinMs));
  try {
    if (kind === undefined || kind === "llama.cpp") {
      const props = v.safeParse(PropsSchema, await ask("/props"));
      if (props.success || kind !== undefined)
        return { kind: "llama.cpp", slots: slots ?? (props.success ? props.output.total_slots : undefined) };
    }
    if (kind === "ollama" || (kind === undefined && v.is(VersionSchema, await ask("/api/version"))))
      return { kind: "ollama", slots: slots ?? ollamaSlots };
    return { kind: "openai", slots };
  } catch {
    return undefined; // the request itself will show why
  }
}

const looksEveryMs = 500;

/**
 * Resolves when llama.cpp does not work on a cancelled request any more. It reads the present batch of the prompt to its end first. Resolves at
 * once if the server does not tell its slots. Rejects with the signal's reason when it aborts.
 */
export async function untilSlotIdle(
  url: string,
  slot: number,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  let first: number | undefined;
  for (;;) {
    const slots = v.safeParse(SlotsSchema, await askJson(`${url}/slots`, headers, signal));
    const found = slots.success ? slots.output.find(({ id }) => id === slot) : undefined;
    // If the slot has another task now, it works for another client.
    if (found?.is_processing !== true || (first !== undefined && found.id_task !== first)) return;
    first = found.id_task;
    await pause(looksEveryMs, signal);
    signal.throwIfAborted();
  }
}

/** What llama.cpp's slots do now. */
export interface SlotsSeen {
  /** The numbers of the slots that have no request. */
  readonly idle: readonly number[];
  /** How many slots have one. */
  readonly busy: number;
}

/**
 * Undefined if it does not tell.
 * @throws what the socket throws, or the signal's reason
 */
export async function readSlots(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<SlotsSeen | undefined> {
  const slots = v.safeParse(SlotsSchema, await askJson(`${url}/slots`, headers, signal));
  if (!slots.success) return undefined;
  const idle = slots.output.filter((slot) => !slot.is_processing).map(({ id }) => id);
  return { idle, busy: slots.output.length - idle.length };
}
