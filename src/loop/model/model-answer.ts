// One answer of a model, and how it is put together from the pieces in which it comes. It knows no wire.
import { CliaiError } from "../../domain/text/errors.ts";
import { createThoughtSplitter } from "./thought-splitter.ts";

export interface RawCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: perhaps not JSON. */
  readonly arguments: string;
}

export interface AnswerUsage {
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** The part of `promptTokens` that the server had in its cache. */
  readonly cachedTokens: number;
  /** Tokens of the answer a second, if the server tells. */
  readonly tokensPerS?: number | undefined;
}

export interface ModelAnswer {
  /** Without what the model thought. */
  readonly text: string;
  readonly calls: readonly RawCall[];
  /** Whether the answer was cut off: it has as many tokens as it may have, or the server has ended it because it repeats itself. */
  readonly isCutOff: boolean;
  readonly usage: AnswerUsage | undefined;
}

/** Takes the answer as it comes. */
export interface AnswerListener {
  readonly onText: (text: string) => void;
  readonly onThought: (text: string) => void;
}

export interface AnswerFrom {
  /** The server's address, for errors. */
  readonly url: string;
  /** Whether `<think>` in the text begins a thought. In a forced call it does not: there it is part of an argument. */
  readonly hasThoughts: boolean;
  /** Called when a part of the answer has come. */
  readonly onChunk?: () => void;
}

/** A piece of a call. A server sends a call in one piece or in many. */
export interface CallPiece {
  readonly index?: number | undefined;
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly arguments?: string | null | undefined;
}

export interface AnswerBuilder {
  text(text: string): void;
  thought(text: string): void;
  call(piece: CallPiece): void;
  /**
   * Counts characters of the wire.
   * @throws CliaiError `failed` if there are more than `mostCharacters`
   */
  count(characters: number): void;
  end(how: Pick<ModelAnswer, "isCutOff" | "usage">): ModelAnswer;
}

/** No answer of use is longer. A server that does not keep to its limit would fill the memory. */
export const mostCharacters = 1_000_000;

export function createAnswerBuilder(
  { url, hasThoughts }: Pick<AnswerFrom, "url" | "hasThoughts">,
  listener: AnswerListener,
): AnswerBuilder {
  const calls = createCallAssembler();
  const said: string[] = [];
  const onText = (text: string) => {
    said.push(text);
    listener.onText(text);
  };
  const splitter = createThoughtSplitter({ onText, onThought: listener.onThought });
  let characters = 0;
  return {
    text: hasThoughts ? splitter.push : onText,
    thought: listener.onThought,
    call: calls.push,
    count(more) {
      characters += more;
      if (characters > mostCharacters) throw endless(url);
    },
    end(how) {
      splitter.end();
      return { text: said.join("").trim(), calls: calls.all(), ...how };
    },
  };
}

export function endless(url: string): CliaiError {
  return new CliaiError(
    "failed",
    `the model server at ${url} does not end its answer, which has more than ${mostCharacters} characters`,
    { hint: "look into its log: it does not keep to max_tokens" },
  );
}

interface CallAssembler {
  push(piece: CallPiece): void;
  all(): RawCall[];
}

/**
 * Puts the pieces of calls together. llama.cpp sends a call in many pieces with the same index, and its id in the first one. Ollama sends
 * each call in one piece, and some of its releases give every call the index 0. So another id always begins another call.
 */
function createCallAssembler(): CallAssembler {
  const calls: { id: string; name: string; arguments: string; index: number }[] = [];
  return {
    push({ index, id, name, arguments: args }) {
      const last = calls.findLast((call) => call.index === (index ?? call.index));
      const isNext = last === undefined || (id != null && id !== "" && id !== last.id);
      const call = isNext ? { id: id ?? "", name: "", arguments: "", index: index ?? calls.length } : last;
      if (isNext) calls.push(call);
      call.name += name ?? "";
      call.arguments += args ?? "";
    },
    all: () =>
      calls.map(({ id, name, arguments: args }) => ({
        id: id || `call_${crypto.randomUUID().slice(0, 8)}`,
        name,
        arguments: args,
      })),
  };
}
