// Defines a command with subcommands, such as `cliai audit verify`. They are citty's subcommands, but this file finds the name,
// because citty 0.2.2 takes a flag's value for the name if only a subcommand has that flag, and prints errors in colour.
import { type ArgsDef, defineCommand, runCommand } from "citty";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import type { CliCommand, DefinedCommand } from "./command.ts";
import { groupHelp } from "./command-help.ts";
import { flagsIn, type GivenWord, takeFirstWord } from "./strict-args.ts";

export interface Subcommand {
  readonly command: DefinedCommand;
  /** What an error about a flag of another subcommand calls this one; its name if left out. */
  readonly doing?: string;
  /** Left out of the help. */
  readonly isHidden?: true;
}

interface CommandGroupOptions {
  readonly name: string;
  readonly description: string;
  /** The subcommand that runs if none is named. */
  readonly standard: string;
  readonly subcommands: Readonly<Record<string, Subcommand>>;
}

export function defineCommandGroup(options: CommandGroupOptions): CliCommand {
  const { name, description, standard, subcommands } = options;
  const names = Object.keys(subcommands).filter((each) => subcommands[each]?.isHidden !== true);
  const allFlags: ArgsDef = Object.assign(
    {},
    ...Object.values(subcommands).map(({ command }) => command.args),
  );
  const find = (word: string): Subcommand => {
    const found = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined;
    if (found !== undefined) return found;
    throw new CliaiError("usage", `${name} has no "${word}"`, {
      hint: didYouMean(word, names) ?? `it has ${names.join(", ")}`,
    });
  };
  const choose = ({ word, others }: GivenWord) => ({
    word: word ?? standard,
    others,
    ...find(word ?? standard),
  });
  return {
    async run(given, context) {
      const first = takeFirstWord(given, allFlags);
      const { word, others, command, doing } = choose(first);
      refuseFlagsOfOthers(others, { command, called: doing ?? `${name} ${word}` });
      const calledAs = first.word === undefined ? name : `${name} ${word}`;
      const prepared = command.prepare(calledAs, others, context);
      const group = defineCommand({ subCommands: { [word]: prepared.command } });
      await runCommand(group, { rawArgs: [word, ...prepared.rawArgs] });
      return prepared.exitCode();
    },
    help(given = []) {
      const first = takeFirstWord(given, allFlags);
      if (first.word !== undefined) return find(first.word).command.helpAs(`${name} ${first.word}`);
      const rows = names.map((each) => [each, subcommands[each]?.command.description ?? ""] as const);
      return groupHelp({ name, description, standard, rows, args: find(standard).command.args });
    },
    shape: {
      args: find(standard).command.args,
      subcommands: Object.fromEntries(
        Object.entries(subcommands).map(([each, { command, isHidden }]) => [
          each,
          { description: command.description, args: command.args, isHidden },
        ]),
      ),
    },
  };

  /** @throws CliaiError `usage` with the name of the subcommand that has the flag */
  function refuseFlagsOfOthers(
    args: readonly string[],
    { command, called }: { readonly command: DefinedCommand; readonly called: string },
  ): void {
    for (const flag of flagsIn(args, allFlags)) {
      if (Object.hasOwn(command.args, flag)) continue;
      const owner = names.find((each) => Object.hasOwn(subcommands[each]?.command.args ?? {}, flag));
      if (owner === undefined) continue;
      const way = owner === standard ? name : `${name} ${owner}`;
      throw new CliaiError("usage", `--${flag} is not for ${called}`, { hint: `cliai ${way} --${flag} …` });
    }
  }
}
