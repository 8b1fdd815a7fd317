// The conversation of a session as the model is given it: instructions first, and no more than the context takes.
import { CliaiError } from "../domain/text/errors.ts";
import { charactersOf, fitConversation, guessedCharactersPerToken } from "./context-budget.ts";
import { buildInstructions } from "./instructions.ts";
import type { Message, OfferedTool } from "./model/chat-messages.ts";
import type { AnswerUsage } from "./model/model-answer.ts";
import type { ModelFacts } from "./model/model-facts.ts";
import { TooLong } from "./model/model-failure.ts";

export interface ConversationRequest {
  readonly messages: readonly Message[];
  readonly answerTokens: number;
  /** How many messages and results were left out for the first time, to make room. */
  readonly removed: number;
}

export interface Conversation {
  add(message: Message): void;
  /** @throws CliaiError `config_invalid` if the context is too small for what cannot be left out */
  buildRequest(tools: readonly OfferedTool[], facts: ModelFacts): ConversationRequest;
  /**
   * Learns from the server's own count how many characters a token has.
   * @throws TooLong if the server has left out a part of the prompt without a word, as Ollama does: old releases cut it, and then its count
   * is the whole context; and all releases throw its middle away to make room for a long answer (measured with 0.17.4)
   */
  measure(usage: AnswerUsage | undefined, facts: ModelFacts): void;
  /** Leaves more room after a request that was too long. */
  shorten(error: TooLong): void;
  tooSmall(): CliaiError;
}

export interface ConversationOptions {
  readonly project: string;
  /** Instructions of the role and the profile. */
  readonly added: string;
  /** What was said before, in a session that is resumed. */
  readonly earlier: readonly Message[];
  readonly onAdd: (message: Message) => void;
}

/** The longest answer, and the part of the context that is kept for it. */
const longestAnswer = 4_096;
const answerPart = 0.25;
const shortestAnswer = 128;
/** The part of the budget that is used after a request that was too long, if the server told no figures. */
const shrinkBy = 0.7;

export function createConversation({ project, added, earlier, onAdd }: ConversationOptions): Conversation {
  let messages: readonly Message[] = earlier;
  let charactersPerToken = guessedCharactersPerToken;
  let isMeasured = false;
  let wasTooLong = false;
  /** A limit that an error told, or that follows from one. */
  let limit: number | undefined;
  let sent = { characters: 0, context: undefined as number | undefined };
  const sentTokens = () => Math.ceil(sent.characters / charactersPerToken);
  const tooSmall = () => {
    const room = sent.context === undefined ? "" : ` of ${sent.context} tokens`;
    const what = `the model's context${room} is too small: instructions, tools and the last steps need about ${sentTokens()}`;
    return new CliaiError("config_invalid", what, {
      hint: "start the server with a larger one: llama-server --ctx-size 16384, or OLLAMA_CONTEXT_LENGTH=16384 ollama serve",
    });
  };

  return {
    add(message) {
      messages = [...messages, message];
      onAdd(message);
    },
    buildRequest(tools, { calls, context: told }) {
      const context = told === undefined ? limit : Math.min(told, limit ?? told);
      const system = {
        role: "system",
        content: buildInstructions({ project, added, tools, calls }),
      } as const;
      // With forced calls the prompt has no schemas of tools: the instructions list the tools, and the schemas only bind the answer.
      const inTools = calls === "native" ? JSON.stringify(tools).length : 0;
      const answerTokens = answerTokensFor(context);
      let removed = 0;
      // Until the server has counted tokens, nothing is cut on a guess: the server says if the conversation is too long.
      if (context !== undefined && (isMeasured || wasTooLong)) {
        const tokens = context - answerTokens - inTools / charactersPerToken;
        const fitted = fitConversation([system, ...messages], { charactersPerToken, tokens });
        removed = fitted.removed;
        messages = fitted.messages.slice(1);
        sent = { characters: charactersOf(fitted.messages) + inTools, context };
        if (!fitted.fits && (isMeasured || removed === 0)) throw tooSmall();
      }
      sent = { characters: charactersOf([system, ...messages]) + inTools, context };
      return { messages: [system, ...messages], answerTokens, removed };
    },
    measure(usage, { kind, context }) {
      if (usage === undefined || usage.promptTokens === 0) return;
      const { promptTokens: tokens, answerTokens } = usage;
      if (kind === "ollama" && context !== undefined) {
        if (tokens >= context) throw new TooLong("the server has cut the prompt", { limit: context });
        if (tokens + answerTokens > context)
          throw new TooLong("the answer has pushed out a part of the prompt", { tokens, limit: context });
      }
      charactersPerToken = Math.max(1, sent.characters / usage.promptTokens);
      isMeasured = true;
      wasTooLong = false;
    },
    shorten({ tokens, limit: told }) {
      const before = told ?? limit ?? sent.context ?? sentTokens();
      const hasFigures = tokens !== undefined && tokens > 0;
      if (hasFigures) charactersPerToken = Math.max(1, sent.characters / tokens);
      else if (told !== undefined) charactersPerToken = Math.max(1, charactersPerToken * shrinkBy);
      limit = hasFigures || told !== undefined ? before : Math.floor(before * shrinkBy);
      isMeasured ||= hasFigures;
      wasTooLong = true;
    },
    tooSmall,
  };
}

function answerTokensFor(context: number | undefined): number {
  if (context === undefined) return longestAnswer;
  return Math.max(shortestAnswer, Math.min(longestAnswer, Math.floor(context * answerPart)));
}
