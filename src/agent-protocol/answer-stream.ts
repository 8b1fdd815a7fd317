// Passes on what an agent answers to a prompt: the answers of its transcript as they come. What it says without a transcript (events `said`)
// is passed on at the end.
import type { ReceiptEntry } from "../domain/receipts.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeFromAgent } from "../domain/wire/decode.ts";
import { AgentEventSchema } from "../domain/wire/event-messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import type { Server } from "../server/server.ts";
import type { StoredEntry } from "../server/transcripts/transcripts.ts";
import { pause } from "../waiting.ts";

export interface AnswerStream {
  /** The task was handed over, by this receipt: what the agent answers from now on belongs to it. */
  begin(receipt: ReceiptEntry): void;
  /** The task is over: waits, for 3 s at most, until all that the agent has said is passed on. */
  settle(final: ReceiptEntry): Promise<void>;
  stop(): void;
}

export interface AnswerStreamOptions {
  readonly id: AgentId;
  /** The text of the task, by which its prompt is found in the transcript. */
  readonly text: string;
  readonly server: Pick<Server, "transcripts">;
  /** The connection on which the agent's events come. */
  readonly bus: Bus;
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** What comes last may still be on its way when the receipt of the end is there: each has a way of its own. */
const settleWithinMs = 3_000;
/** Nothing is waited for that long if the agent says nothing at all. */
const quietMs = 1_000;
const lookEveryMs = 50;
/** The clock of an agent's CLI may be behind the one of the stream by this much. */
const clocksApartMs = 1_000;
/** As many characters of the task are looked for in a prompt of the transcript, where long texts are cut. */
const comparedLength = 80;

/** Begin it before the task is stored, so that nothing is missed. @throws CliaiError if the transcripts cannot be read */
export async function followAnswer(options: AnswerStreamOptions): Promise<AnswerStream> {
  const { id, text, server, bus, onText, signal, now } = options;
  const wanted = comparable(text).slice(0, comparedLength);
  const last = (await server.transcripts.read(id, { limit: 1 })).entries.at(-1)?.seq ?? 0;
  let hasBegun = false;
  /** Answers that came before it was known that the agent has the task. */
  let early: StoredEntry[] = [];
  let said: { readonly words: string; readonly atMs: number }[] = [];
  const passed: string[] = [];
  const pass = (words: string) => {
    if (words.trim() === "") return;
    onText(passed.length === 0 ? words : `\n\n${words}`);
    passed.push(words.trim());
  };
  const onEntry = (entry: StoredEntry) => {
    if (entry.subagent !== undefined) return;
    if (entry.kind === "prompt" && comparable(entry.text).includes(wanted)) {
      hasBegun = true;
      early = [];
    }
    if (entry.kind !== "answer") return;
    if (hasBegun) pass(entry.text);
    else early.push(entry);
  };
  const stopEntries = server.transcripts.follow(id, last, onEntry);
  const stopEvents = bus.subscribe(agentSubject(id, "event"), ({ data }) => {
    const words = saidIn(data, id);
    if (words !== undefined) said.push({ words, atMs: now().getTime() });
  });
  const begin = ({ at }: ReceiptEntry) => {
    if (hasBegun) return;
    hasBegun = true;
    const sinceMs = Date.parse(at) - clocksApartMs;
    said = said.filter(({ atMs }) => atMs >= sinceMs);
    for (const entry of early) if (Date.parse(entry.at) >= sinceMs) pass(entry.text);
    early = [];
  };
  /** Whether the last words are among those that were passed on. An event has at most 4,000 characters of them, with a … at the end. */
  const isToldOf = (words: string) => passed.some((each) => each.startsWith(words.trim().replace(/…$/, "")));
  return {
    begin,
    async settle(final) {
      begin(final);
      const endsAtMs = performance.now() + settleWithinMs;
      const quietAtMs = performance.now() + quietMs;
      const isSettled = () => {
        const words = said.at(-1)?.words;
        if (words !== undefined) return isToldOf(words);
        return performance.now() >= quietAtMs;
      };
      while (!isSettled() && performance.now() < endsAtMs && !signal.aborted)
        await pause(lookEveryMs, signal);
      // With a transcript only the last words can be missing: an event may join several answers.
      const missing = passed.length === 0 ? said : said.slice(-1);
      for (const { words } of missing) if (!isToldOf(words)) pass(words);
      const isAcknowledged = final.state === "applied" && final.route === "acknowledge";
      if (passed.length === 0 && isAcknowledged && final.detail !== undefined) pass(final.detail);
    },
    stop() {
      stopEntries();
      stopEvents();
    },
  };
}

const comparable = (text: string) => text.replaceAll(/\s+/g, " ").trim();

/** The words of an event `said`; undefined for any other, and for what is no event: the server counts it. */
function saidIn(data: Uint8Array, id: AgentId): string | undefined {
  try {
    const { kind, detail } = decodeFromAgent(AgentEventSchema, data, id);
    return kind === "said" ? (detail ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}
