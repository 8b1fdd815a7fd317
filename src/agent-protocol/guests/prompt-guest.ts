// Prompts a guest with the text of a task, and follows its answer to the end.
import { type HeardPiece, type HeardQuery, readPiece } from "../../domain/agent-protocol/heard-pieces.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import type { Logger } from "../../log.ts";
import type { Told } from "../../nats/micro-client.ts";

/** How the prompt has ended. `nobody`: nobody has heard it, or it was not sent. */
export type PromptEnd =
  | { readonly kind: "answered" }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "nobody" };

export interface GuestPromptOptions {
  /** Sends the prompt. Returns the function that stops hearing the answers. */
  readonly send: (onTold: (told: Told) => void) => () => void;
  /** It has the prompt: it has acknowledged it, or has sent a piece of its answer or a question. Called once. */
  readonly onTaken: () => void;
  /** The first words of its answer, or its first question, show that it works on it. A piece without a word does not. Called once. */
  readonly onSeen: () => void;
  readonly onText: (text: string) => void;
  /** A piece of the answer has so many attachments. */
  readonly onFiles: (count: number) => void;
  readonly onQuery: (query: HeardQuery) => void;
  /** Whether it waits for an answer to a question, and so may be silent. */
  readonly isAsking: () => boolean;
  /** Aborts if the prompt is given up, with the reason as text. If it has aborted before, nothing is sent. */
  readonly signal: AbortSignal;
  readonly silentForMs?: number | undefined;
  readonly log: Logger;
}

/** The protocol has callers give up after this time without a message. Its hosts send one at least every 30 s. */
const usualSilenceMs = 60_000;
const lookEveryMs = 250;

/** @throws CliaiError `payload_too_large`, `nats_unreachable`, if the prompt could not be sent */
export async function promptGuest(options: GuestPromptOptions): Promise<PromptEnd> {
  const { send, signal, isAsking, silentForMs = usualSilenceMs, log } = options;
  const over = Promise.withResolvers<PromptEnd>();
  const fail = (why: string) => over.resolve({ kind: "failed", why });
  const take = createTaker(options);
  let heardAtMs = performance.now();
  if (signal.aborted) return { kind: "nobody" };

  const onTold = (told: Told) => {
    heardAtMs = performance.now();
    switch (told.kind) {
      case "nobody":
        // nats-server says so before anything else comes. Afterwards the message is of the other program's own making.
        return take.isTaken()
          ? fail("it ended the answer as if nobody listened; it may still work on it")
          : over.resolve(told);
      case "error":
        return fail(`${lineOf(told.text) || "it has failed, and does not say why"} (${lineOf(told.code)})`);
      case "end":
        return take.isTaken()
          ? over.resolve({ kind: "answered" })
          : fail("it ended the answer without having acknowledged the prompt");
      case "piece":
        try {
          take.piece(readPiece(told.data));
        } catch (error) {
          log.debug(`a piece of an answer is left out: ${messageOf(error)}`);
        }
    }
  };
  const look = () => {
    if (isAsking()) heardAtMs = performance.now();
    if (performance.now() - heardAtMs < silentForMs) return;
    const s = Math.round(silentForMs / 1000);
    fail(
      take.isTaken()
        ? `no sign from it for ${s} s; it may still work on it`
        : `it did not acknowledge the prompt within ${s} s; it may still work on it`,
    );
  };
  const abort = () => fail(String(signal.reason));
  const stopHearing = send(onTold);
  const looking = setInterval(look, lookEveryMs);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await over.promise;
  } finally {
    stopHearing();
    clearInterval(looking);
    signal.removeEventListener("abort", abort);
  }
}

function createTaker({ onTaken, onSeen, onText, onFiles, onQuery }: GuestPromptOptions) {
  let isTaken = false;
  let isSeen = false;
  const taken = () => {
    if (!isTaken) onTaken();
    isTaken = true;
  };
  const seen = () => {
    taken();
    if (!isSeen) onSeen();
    isSeen = true;
  };
  return {
    isTaken: () => isTaken,
    piece(piece: HeardPiece) {
      switch (piece.type) {
        case "status":
          if (piece.word === "ack") taken();
          return;
        case "response":
          if (piece.text.trim() === "") taken();
          else seen();
          onText(piece.text);
          if (piece.files > 0) onFiles(piece.files);
          return;
        case "query":
          seen();
          onQuery(piece.query);
      }
    },
  };
}

const longestLine = 300;

/** The beginning of words of the other program, on one line that no terminal obeys. */
function lineOf(text: string): string {
  return harmless(beginningOf(text.replaceAll(/\s+/g, " ").trim(), longestLine));
}
