// Finds the words that can complete the one under the cursor: commands, subcommands, flags, a flag's values, agents, requests and
// profiles. Agents and requests are read from `fleet.json`, which serve keeps in the data directory, so Tab never waits for a server.
import type { ArgDef, ArgsDef } from "citty";
import { agentClis } from "../../agents/agent-clis.ts";
import { readFleetFile } from "../../data-dir/fleet-file.ts";
import { auditKinds } from "../../domain/audit/audit-filter.ts";
import { statusTextOf } from "../../domain/fleet/status-look.ts";
import { isControl, isWaiting } from "../../domain/receipts.ts";
import { commandTypes } from "../../domain/wire/order-messages.ts";
import { dataDirFor } from "../fleet/client.ts";
import { viewsOf } from "../fleet/fleet-reading.ts";
import type { CommandShape } from "../frame/command.ts";
import type { CommandRow } from "../frame/commands.ts";
import { loadConfig } from "../frame/config-file.ts";
import type { CliContext } from "../frame/context.ts";
import { flagsWithValues, ownWords } from "../frame/strict-args.ts";
import { plain } from "../frame/terminal.ts";
import { typedWords } from "../frame/typed-words.ts";
import { profileReader } from "../spawn/profile.ts";
import { shells } from "./scripts.ts";

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/**
 * @param words what was typed after `cliai`; the last is the word under the cursor, which may be empty
 * @returns one line `value<TAB>description` for each candidate
 */
export async function completionLines(
  words: readonly string[],
  commands: Readonly<Record<string, CommandRow>>,
  context: CliContext,
): Promise<string[]> {
  const found = await candidatesFor(unsplit(words), commands, context).catch(() => []); // a Tab prints no error
  return found.map(({ value, description }) => `${value}\t${plain(description)}`);
}

/**
 * Removes the words `=`, because bash splits `--wait=seen` at the `=`; the other shells do not. A last word `=` stands for an empty one, because
 * PowerShell cannot pass an empty word, so its script passes `=`.
 */
function unsplit(words: readonly string[]): string[] {
  const last = words.at(-1) === "=" ? "" : (words.at(-1) ?? "");
  return [...words.slice(0, -1).filter((word) => word !== "="), last];
}

async function candidatesFor(
  words: readonly string[],
  commands: Readonly<Record<string, CommandRow>>,
  context: CliContext,
): Promise<readonly Candidate[]> {
  const [first = "", ...rest] = words;
  if (rest.length === 0) return startingWith(first, commandRows(commands));
  const row = Object.hasOwn(commands, first) ? commands[first] : undefined;
  const meant = row === undefined && Object.hasOwn(typedWords, first) ? typedWords[first] : undefined;
  if (meant?.runs !== undefined) return await candidatesFor([...meant.runs([]), ...rest], commands, context);
  if (row === undefined || rest.slice(0, -1).includes("--")) return [];
  const { shape } = await row.load();
  return await inCommand(first, shape, rest, context);
}

function commandRows(commands: Readonly<Record<string, CommandRow>>): Candidate[] {
  const shown = Object.entries(commands).filter(([, { isHidden }]) => isHidden !== true);
  return shown.map(([value, { description }]) => ({ value, description }));
}

async function inCommand(
  name: string,
  { args: standard, subcommands = {} }: CommandShape,
  words: readonly string[],
  context: CliContext,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const all: ArgsDef = Object.assign({}, standard, ...Object.values(subcommands).map(({ args }) => args));
  const given = ownWords(before, all);
  const named =
    given[0] !== undefined && Object.hasOwn(subcommands, given[0]) ? subcommands[given[0]] : undefined;
  const args = named?.args ?? standard;
  const taking = before.at(-1)?.startsWith("--") === true ? (before.at(-1) ?? "").slice(2) : undefined;
  if (taking !== undefined && flagsWithValues(args).includes(taking)) {
    return startingWith(current, await valuesOf(taking, args[taking], words, context));
  }
  const [, flag = "", begun = ""] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
  if (flagsWithValues(args).includes(flag)) {
    const values = startingWith(begun, await valuesOf(flag, args[flag], words, context));
    return values.map(({ value, description }) => ({ value: `--${flag}=${value}`, description }));
  }
  if (current.startsWith("-")) {
    const used = new Set(before);
    return startingWith(current, flagRows(args)).filter(({ value }) => !used.has(value));
  }
  const place = given.length - (named === undefined ? 0 : 1);
  const positionals = Object.keys(args).filter((key) => args[key]?.type === "positional");
  const key =
    positionals[place] ?? (listing.includes(positionals.at(-1) ?? "") ? positionals.at(-1) : undefined);
  const meant = meantBy(name, key, given);
  const own = meant === undefined ? [] : await valuesOf(meant, undefined, words, context);
  const below =
    given.length === 0
      ? Object.entries(subcommands)
          .filter(([, { isHidden }]) => isHidden !== true)
          .map(([value, { description }]) => ({ value, description }))
      : [];
  return startingWith(current, [...below, ...own.filter(({ value }) => !given.includes(value))]);
}

/** What the argument takes, if its name alone does not say it. */
function meantBy(command: string, key: string | undefined, given: readonly string[]): string | undefined {
  // The COMMAND of `cancel` is an order's id, that of `send` a type.
  if (command === "cancel" && key === "command") return "order";
  const [type] = given;
  const takesAgents = commandTypes.some((each) => each === type && isControl(each));
  return command === "send" && takesAgents ? "agent" : key;
}

/** The positional arguments that take several values. */
const listing: readonly string[] = ["agent"];

function flagRows(args: ArgsDef): Candidate[] {
  const flags = Object.entries(args).filter(([, { type }]) => type !== "positional");
  return flags.map(([name, { description = "" }]) => ({ value: `--${name}`, description }));
}

/** Chosen by the argument's name. Empty for an argument that takes a file or free text. */
async function valuesOf(
  key: string,
  definition: ArgDef | undefined,
  words: readonly string[],
  context: CliContext,
): Promise<readonly Candidate[]> {
  if (definition?.type === "enum")
    return (definition.options ?? []).map((value) => ({ value, description: "" }));
  switch (key) {
    case "agent":
    case "agent-id":
    case "id":
      return (await knownAgents(words, context)).map((view) => ({
        value: view.agent_id,
        description: [statusTextOf(view), view.task.text].filter(Boolean).join(": "),
      }));
    case "request":
      return (await knownAgents(words, context)).flatMap(({ agent_id, requests = [] }) => [
        ...requests.slice(0, 1).map(({ summary }) => ({ value: agent_id, description: summary })),
        ...requests.map(({ request_id, summary }) => ({
          value: request_id,
          description: `${agent_id}: ${summary}`,
        })),
      ]);
    case "order":
      return (await knownAgents(words, context)).flatMap(({ agent_id, commands }) =>
        commands
          .filter((command) => isWaiting(command) && !isControl(command.type))
          .map(({ command_id, type, summary }) => ({
            value: command_id,
            description: `${agent_id}: ${type} ${summary}`,
          })),
      );
    case "command":
      return commandTypes.map((value) => ({ value, description: "" }));
    case "kind":
      return auditKinds.map((value) => ({ value, description: "" }));
    case "cli":
      return agentClis.map(({ name, triedVersion }) => ({
        value: name,
        description: `tried: ${triedVersion}`,
      }));
    case "shell":
      return shells.map((value) => ({ value, description: "" }));
    case "profile":
      return (await knownProfiles(words, context)).flatMap(({ name, found }) =>
        found === undefined ? [] : [{ value: name, description: found.profile.description ?? "" }],
      );
    default:
      return [];
  }
}

async function knownProfiles(words: readonly string[], context: CliContext) {
  const loaded = await loadConfig(undefined, context);
  return (await profileReader(loaded, dataDirIn(words, context))(context.cwd)).list();
}

function dataDirIn(words: readonly string[], context: CliContext): string {
  const place = words.indexOf("--data-dir");
  return dataDirFor({ "data-dir": place === -1 ? undefined : words[place + 1] }, context);
}

async function knownAgents(words: readonly string[], context: CliContext) {
  const known = await readFleetFile(dataDirIn(words, context));
  return known === undefined ? [] : viewsOf({ records: known.records, now: known.asOf });
}

function startingWith(beginning: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(beginning));
}
