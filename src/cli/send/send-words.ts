// Reads the words of `cliai send COMMAND AGENT TEXT`: which command is meant, which words are agents, and which are a text.
import * as v from "valibot";
import { isControl } from "../../domain/receipts.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { isAgentId } from "../../domain/wire/agent-id.ts";
import { type CommandType, CommandTypeSchema, commandTypes } from "../../domain/wire/order-messages.ts";
import type { AgentReading, FleetReader } from "../fleet/fleet-reading.ts";
import { quoteHint } from "../frame/strict-args.ts";

export interface SendWords {
  readonly command: string;
  readonly agent?: string | undefined;
  readonly text?: string | undefined;
  readonly all?: boolean | undefined;
  readonly filter?: string | undefined;
}

/** `cliai send ada "tidy up"` means a task, because `ada` is not a command. But `stpo ada` is a mistyped `stop ada`. */
export function withTaskMeant<Words extends SendWords>(args: Words): Words {
  const { command, agent, text, all, filter } = args;
  if (v.is(CommandTypeSchema, command) || !isAgentId(command) || agent === undefined) return args;
  const isTypingError = isAgentId(agent) && didYouMean(command, commandTypes) !== undefined;
  if (all === true || filter !== undefined || text !== undefined || isTypingError) return args;
  return { ...args, command: "task", agent: command, text: agent };
}

/**
 * The words after the agent: further agents for an order without a text, else the text.
 * @throws CliaiError `usage` for a word after the text, and for an unknown command
 */
export function readWords<Words extends SendWords>(
  args: Words,
  more: readonly string[],
): { readonly args: Words; readonly others: readonly string[] } {
  const { command, agent, text } = args;
  const words = [...(text === undefined ? [] : [text]), ...more];
  const type = readType(command, [...(agent === undefined ? [] : [agent]), ...words]);
  if (isControl(type) && args.all !== true && args.filter === undefined && agent !== undefined) {
    const place = words.findIndex((word) => !isAgentId(word));
    if (place === -1) return { args: { ...args, text: undefined }, others: words };
    throw meantAsReason(type, [agent, ...words.slice(0, place)], words.slice(place));
  }
  const [superfluous] = more;
  if (superfluous === undefined) return { args, others: [] };
  const given = [command, agent ?? "", ...words];
  throw usage(`send takes no argument "${superfluous}"`, quoteHint("send", given, 2));
}

/** @param words the words that follow */
export function readType(word: string, words: readonly string[]): CommandType {
  if (v.is(CommandTypeSchema, word)) return word;
  // If the word is no mistyped command, it is most likely an agent, with or without the text of a task.
  const task =
    words.length === 0
      ? `give ${word} a task: cliai send ${word} "what to do"`
      : quoteHint("send", [word, ...words], 1);
  const hint = didYouMean(word, commandTypes) ?? (isAgentId(word) ? task : undefined);
  throw usage(`COMMAND "${word}" is not one of ${commandTypes.join(", ")}`, hint);
}

/**
 * Finds the agents that a command names.
 * @throws CliaiError as {@link FleetReader.require}. For `stop ada enough` the hint says how to give `enough` as the reason, because `ada` is
 * an agent and no agent has a name like `enough`.
 */
export async function readTargets(
  fleet: FleetReader,
  command: string,
  words: readonly string[],
): Promise<readonly AgentReading[]> {
  const readings: AgentReading[] = [];
  for (const [place, word] of words.entries()) {
    const reading = await fleet.require(word).catch(async (error: unknown) => {
      throw place === 0 ? error : await withReasonMeant(error, fleet, command, words, place);
    });
    if (!readings.some(({ record }) => record.agent_id === reading.record.agent_id)) readings.push(reading);
  }
  return readings;
}

async function withReasonMeant(
  error: unknown,
  fleet: FleetReader,
  command: string,
  words: readonly string[],
  place: number,
): Promise<unknown> {
  if (!(error instanceof CliaiError) || error.code !== "agent_unknown") return error;
  const { records } = await fleet.all();
  if (didYouMean(words[place] ?? "", records.keys()) !== undefined) return error;
  const line = reasonLine(command, words.slice(0, place), words.slice(place).join(" "));
  return new CliaiError(error.code, error.message, { hint: `if it is the reason: ${line}`, cause: error });
}

/** @returns the error for words after the agents of a command that takes no text */
export function meantAsReason(
  command: string,
  agents: readonly string[],
  words: readonly string[],
): CliaiError {
  const text = words.join(" ");
  const hint = `give it as the reason: ${reasonLine(command, agents, text)}`;
  return usage(`${command} takes no text: "${text}"`, hint);
}

/** The line to copy. It leaves the text out if a shell could take a character of it for something else. */
function reasonLine(command: string, agents: readonly string[], text: string): string {
  const isHarmless = /^[\w .,:;?@%+=/-]+$/.test(text);
  return `cliai send ${command} ${agents.join(" ")} --reason "${isHarmless ? text : "…"}"`;
}

export function usage(message: string, hint = "cliai send --help"): CliaiError {
  return new CliaiError("usage", message, { hint });
}
