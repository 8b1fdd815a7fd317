// Checks arguments against a command's definitions, and rewrites them into a form that citty cannot misread. This is needed
// because citty 0.2.2 ignores unknown flags, reads a missing value as "", and takes `--no-x` inside a value for a flag.
import type { ArgDef, ArgsDef } from "citty";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { isValueOptional, valueText } from "./command-help.ts";

export interface StrictArgs {
  /** `--name=value`, `--name`, then `--` and the positional arguments. */
  readonly rawArgs: string[];
  /** With `takesMore`, the arguments after the last named one; else empty. */
  readonly more: string[];
  /** With `passesOn`, the arguments after `--`; undefined if there is no `--`. */
  readonly passedOn: string[] | undefined;
}

interface StrictOptions {
  readonly passesOn: boolean;
  readonly takesMore?: boolean;
  /** Whether `-word` is an argument like others. The command then has no flags with one dash. */
  readonly takesMinus?: boolean;
  /** The hint for a missing argument. */
  readonly example?: string | undefined;
}

/**
 * @param command its name, for the messages
 * @throws CliaiError `usage` for an unknown or repeated flag, a missing or superfluous value or argument, and a value that is
 * not one of the flag's choices
 */
export function checkArgs(
  command: string,
  args: readonly string[],
  definitions: ArgsDef,
  { passesOn, takesMore = false, takesMinus = false, example }: StrictOptions,
): StrictArgs {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  const afterEnd = end === -1 ? [] : args.slice(end + 1);
  const flags = new Map<string, string>();
  const positionals: string[] = [];
  for (let index = 0; index < own.length; index++) {
    const arg = own[index] ?? "";
    if (!isFlag(arg) || (takesMinus && !arg.startsWith("--"))) {
      positionals.push(arg);
      continue;
    }
    const [typed, inline] = splitFlag(arg);
    const name = longNameOf(typed, definitions);
    const definition = findFlag(command, name, definitions);
    if (flags.has(name)) throw usage(command, `--${name} is given twice`);
    if (definition.type === "boolean") {
      if (inline !== undefined) throw usage(command, `--${name} takes no value, not "${inline}"`);
      flags.set(name, `--${name}`);
      continue;
    }
    if (inline === undefined && isValueOptional(definition)) {
      // Only one word behind a positional argument can be the value: `spawn --worktree demo` names a profile, and a text has blanks.
      const next = own[index + 1];
      const isValue =
        next !== undefined && next !== "-" && positionals.length > 0 && !isFlag(next) && !/\s/.test(next);
      if (isValue) index++;
      flags.set(name, `--${name}=${isValue ? next : ""}`);
      continue;
    }
    const value = inline ?? own[++index];
    if (value === undefined || (inline === undefined && looksLikeFlag(value))) {
      const form = `cliai ${command} --${name}${valueText(definition)}`;
      throw usage(command, `--${name} needs a value`, value ? `or as one word: --${name}=${value}` : form);
    }
    checkChoice(command, `--${name}`, value, definition);
    flags.set(name, `--${name}=${value}`);
  }
  if (!passesOn) positionals.push(...afterEnd);
  const named = Object.values(definitions).filter(({ type }) => type === "positional").length;
  const more = takesMore ? positionals.splice(named) : [];
  checkPositionals(command, positionals, definitions, example);
  const passedOn = passesOn && end !== -1 ? [...afterEnd] : undefined;
  return { rawArgs: [...flags.values(), "--", ...positionals], more, passedOn };
}

export interface GivenWord {
  /** The first argument before `--` that is neither a flag nor the value of one. */
  readonly word: string | undefined;
  /** The arguments without it. */
  readonly others: readonly string[];
}

/** Finds a subcommand's name, also behind flags. It does not check the flags: {@link checkArgs} does that later. */
export function takeFirstWord(args: readonly string[], definitions: ArgsDef): GivenWord {
  const place = ownPlaces(args, definitions).find((at) => !isFlag(args[at] ?? ""));
  if (place === undefined) return { word: undefined, others: args };
  return { word: args[place], others: args.toSpliced(place, 1) };
}

/** The arguments that are neither flags nor the values of flags. */
export function ownWords(args: readonly string[], definitions: ArgsDef): string[] {
  return ownPlaces(args, definitions).flatMap((at) => (isFlag(args[at] ?? "") ? [] : [args[at] ?? ""]));
}

/** The names of the flags that take a value. */
export function flagsWithValues(definitions: ArgsDef): string[] {
  return Object.keys(definitions).filter((name) => {
    const type = definitions[name]?.type;
    return (type === "string" && !isValueOptional(definitions[name])) || type === "enum";
  });
}

/** The names of the flags before `--`. */
export function flagsIn(args: readonly string[], definitions: ArgsDef): string[] {
  return ownPlaces(args, definitions).flatMap((at) => {
    const arg = args[at] ?? "";
    return isFlag(arg) ? [splitFlag(arg)[0]] : [];
  });
}

/** The indexes of the arguments before `--`, except the values of flags. */
function ownPlaces(args: readonly string[], definitions: ArgsDef): number[] {
  const places: number[] = [];
  for (let at = 0; at < args.length && args[at] !== "--"; at++) {
    places.push(at);
    const arg = args[at] ?? "";
    const [name, inline] = isFlag(arg) ? splitFlag(arg) : ["", ""];
    const takesValue = Object.hasOwn(definitions, name) && flagsWithValues(definitions).includes(name);
    if (inline === undefined && takesValue) at++;
  }
  return places;
}

function isFlag(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}

function splitFlag(arg: string): [name: string, value: string | undefined] {
  const [, name = "", value] = /^--?([^=]*)(?:=([\s\S]*))?$/.exec(arg) ?? [];
  // Keep the dash of `-port`, a mistyped `--port`, so that the error quotes what was typed.
  return [arg.startsWith("--") ? name : `-${name}`, value];
}

/** The flag that has the letter as its `alias`: `-q` is `--quiet`. */
function longNameOf(typed: string, definitions: ArgsDef): string {
  const isOf = ([, definition]: [string, ArgDef]) =>
    "alias" in definition && `-${definition.alias}` === typed;
  return Object.entries(definitions).find(isOf)?.[0] ?? typed;
}

function findFlag(command: string, name: string, definitions: ArgsDef): ArgDef {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (definition !== undefined && definition.type !== "positional") return definition;
  const known = Object.keys(definitions).filter((key) => definitions[key]?.type !== "positional");
  const shown = name.startsWith("-") ? name : `--${name}`;
  const near = didYouMean(name.replace(/^-+/, ""), known)?.replaceAll(/(?<=mean |, )/g, "--");
  throw usage(command, `unknown flag ${shown} for ${command}`, near);
}

function checkPositionals(
  command: string,
  given: readonly string[],
  definitions: ArgsDef,
  example: string | undefined,
): void {
  const wanted = Object.entries(definitions).filter(([, definition]) => definition.type === "positional");
  const superfluous = given[wanted.length];
  if (superfluous !== undefined) {
    const isText = wanted.at(-1)?.[0] === "text";
    const hint = isText ? quoteHint(command, given, wanted.length - 1) : example;
    throw usage(command, `${command} takes no argument "${superfluous}"`, hint);
  }
  for (const [index, [name, definition]] of wanted.entries()) {
    if (given[index] === undefined && definition.required !== false) {
      throw usage(command, `${command} needs ${name.toUpperCase()}`, example);
    }
  }
}

/** @param from where the text begins among the words */
export function quoteHint(command: string, words: readonly string[], from: number): string {
  const text = words.slice(from).join(" ");
  const line = ["cliai", command, ...words.slice(0, from), `"${text}"`].join(" ");
  const isHarmless = words.every((word) => /^[\w.,:;?@%+=/-]+$/.test(word));
  return isHarmless ? `put quotes around the text: ${line}` : "put quotes around the text";
}

function checkChoice(command: string, flag: string, value: string, definition: ArgDef): void {
  if (definition.type !== "enum" || definition.options?.includes(value) !== false) return;
  const near = didYouMean(value, definition.options);
  throw usage(command, `${flag} "${value}" is not one of ${definition.options.join(", ")}`, near);
}

function looksLikeFlag(text: string): boolean {
  return /^--[a-z][a-z-]*(=|$)/.test(text);
}

function usage(command: string, message: string, hint?: string): CliaiError {
  return new CliaiError("usage", message, { hint: hint?.trim() || `cliai ${command} --help` });
}
