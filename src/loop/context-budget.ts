// Keeps a conversation within the model's context: first the results of old tool calls go, then old messages, and the model is told so.
import type { Message } from "./model/chat-messages.ts";

export interface Budget {
  /** How many characters a token has on average. Measured by the server's own count of the last request. */
  readonly charactersPerToken: number;
  /** What the conversation may have, in tokens. */
  readonly tokens: number;
}

export interface Fitted {
  readonly messages: readonly Message[];
  /** How many results and messages were left out. */
  readonly removed: number;
  /** Whether it fits now. If not, no more can be left out: what is left is the instructions, the task, and the last steps. */
  readonly fits: boolean;
}

/**
 * A guess, until the server has counted. English prose has about four characters a token, code and JSON fewer. With a low guess more is cut
 * than has to be; with a high one the request is too long, and the server refuses it.
 */
export const guessedCharactersPerToken = 3;
/** The part of the budget to which a conversation is cut. It is well below 1, because after each cut the server must read the prompt again. */
const cutTo = 0.7;
/** How many messages at the end show what the model does now. Their results are never cut, and they are removed only if nothing else helps. */
const keptAtEnd = 6;
const shortestCut = 400;

export const cutResult = "[This result was removed to make room. Call the tool again if you need it.]";
export const cutMessages = "[Earlier messages were removed to make room.]";

/** Returns the whole conversation if it fits; otherwise one that is cut to seven tenths of the budget. */
export function fitConversation(messages: readonly Message[], budget: Budget): Fitted {
  const fits = (list: readonly Message[], part: number) => tokensOf(list, budget) <= budget.tokens * part;
  if (fits(messages, 1)) return { messages, removed: 0, fits: true };
  let removed = 0;
  let list = [...messages];
  for (let place = 0; place < list.length - keptAtEnd && !fits(list, cutTo); place += 1) {
    const message = list[place];
    if (message?.role !== "tool" || message.content.length < shortestCut) continue;
    list[place] = { ...message, content: cutResult };
    removed += 1;
  }
  while (!fits(list, list.length > keptAtEnd + 2 ? cutTo : 1)) {
    const shorter = withoutOldest(list);
    if (shorter === undefined) break;
    removed += list.length - shorter.length;
    list = shorter;
  }
  return { messages: list, removed, fits: fits(list, 1) };
}

export function tokensOf(messages: readonly Message[], { charactersPerToken }: Budget): number {
  return Math.ceil(charactersOf(messages) / charactersPerToken);
}

/** Includes, roughly, what the wire adds to each message and call. */
export function charactersOf(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => {
    const calls = message.role === "assistant" ? (message.calls ?? []) : [];
    const inCalls = calls.reduce((all, call) => all + call.name.length + call.arguments.length + 40, 0);
    return sum + message.content.length + inCalls + 20;
  }, 0);
}

/**
 * Removes the oldest step after the first prompt, and says so in that prompt; never the last prompt, which is what the model works on. An
 * assistant's message goes together with the results of its calls, because a server refuses a result without its call. Undefined if no
 * step is left to remove.
 */
function withoutOldest(messages: readonly Message[]): Message[] | undefined {
  const isPrompt = (message: Message) => message.role === "user" && message.isPrompt === true;
  const first = messages.findIndex(({ role }) => role === "user");
  const lastPrompt = messages.findLastIndex(isPrompt);
  const start = first + 1 === lastPrompt ? lastPrompt + 1 : first + 1;
  let end = start + 1;
  while (messages[end]?.role === "tool") end += 1;
  const prompt = messages[first];
  if (prompt?.role !== "user" || end > messages.length - 2) return undefined;
  const content = prompt.content.includes(cutMessages)
    ? prompt.content
    : `${prompt.content}\n\n${cutMessages}`;
  const marked = messages.with(first, { ...prompt, content });
  return [...marked.slice(0, start), ...marked.slice(end)];
}
