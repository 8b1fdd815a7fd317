// Defines a command of the program with citty, and adds what citty lacks: strict arguments, the context, arguments after
// `--`, the exit code, and a help text without colour.
import { type ArgsDef, defineCommand, type ParsedArgs, runCommand, type SubCommandsDef } from "citty";
import { commandHelp, type DescribedCommand } from "./command-help.ts";
import type { CliContext } from "./context.ts";
import { checkArgs } from "./strict-args.ts";

/** The arguments by the names in their definitions, without the others that citty adds. */
export type Arguments<T extends ArgsDef> = Pick<ParsedArgs<T>, keyof T & string>;

export interface CliCommand {
  /** @throws CliaiError `usage`, or what the command throws; resolves to the exit code */
  run(args: readonly string[], context: CliContext): Promise<number>;
  /** @throws CliaiError `usage` where the arguments name a subcommand that the command does not have */
  help(args?: readonly string[]): string;
  readonly shape: CommandShape;
}

/** The arguments and subcommands of a command, for shell completion. */
export interface CommandShape {
  readonly args: ArgsDef;
  /** The subcommands. If there are any, `args` belongs to the one that runs if none is named. */
  readonly subcommands?: Readonly<Record<string, SubcommandShape>>;
}

export interface SubcommandShape extends Pick<DefinedCommand, "description" | "args"> {
  /** Set for a subcommand that runs, but is not listed, because it is another name of one that is. */
  readonly isHidden?: true | undefined;
}

/** A command, or a subcommand. `defineCommandGroup` prepares a subcommand and hands it to citty under its name. */
export interface DefinedCommand extends CliCommand {
  readonly description: string;
  readonly args: ArgsDef;
  /**
   * @param name what error messages call the command
   * @throws CliaiError `usage`
   */
  prepare(name: string, args: readonly string[], context: CliContext): PreparedCommand;
  helpAs(name: string): string;
}

export interface PreparedCommand {
  readonly command: SubCommandsDef[string];
  readonly rawArgs: readonly string[];
  /** The exit code, once the command has run. It is kept here because citty 0.2.2 drops what a subcommand returns. */
  readonly exitCode: () => number;
}

interface CliCommandOptions<T extends ArgsDef> extends Omit<DescribedCommand, "passesOn" | "takesMore"> {
  readonly args: T;
  /** Whether the arguments after `--` are for another program; otherwise they are positional. */
  readonly passesOn?: boolean;
  /** Whether there may be more arguments after the last named one; otherwise they are an error. */
  readonly takesMore?: boolean;
  /** Whether `-word` is an argument like others. */
  readonly takesMinus?: boolean;
  /**
   * Resolves to the exit code. Throws a CliaiError for anything that a person has to know.
   * @param more with `takesMore`: the arguments after the last named one
   * @param passedOn with `passesOn`: the arguments after `--`; undefined if there is no `--`
   */
  readonly run: (
    args: Arguments<T>,
    context: CliContext,
    more: readonly string[],
    passedOn: readonly string[] | undefined,
  ) => Promise<number>;
}

export function defineCliCommand<const T extends ArgsDef>(options: CliCommandOptions<T>): DefinedCommand {
  const {
    name: ownName,
    description,
    args,
    passesOn = false,
    takesMore = false,
    takesMinus,
    example,
  } = options;
  const prepare = (name: string, given: readonly string[], context: CliContext) => {
    const { rawArgs, more, passedOn } = checkArgs(name, given, args, {
      ...{ passesOn, takesMore, example },
      takesMinus: takesMinus === true,
    });
    let exitCode = 0;
    const command = defineCommand<T>({
      args,
      run: async ({ args: parsed }) => {
        exitCode = await options.run({ ...parsed, ...negations(parsed, args) }, context, more, passedOn);
      },
    });
    // Defined again for each call, because citty 0.2.2 has no typed way to pass the context to `run`.
    return { command, rawArgs, exitCode: () => exitCode };
  };
  const helpAs = (name: string) => commandHelp({ name, description, args, passesOn, takesMore, example });
  return {
    description,
    args,
    prepare,
    helpAs,
    async run(given, context) {
      const { command, rawArgs, exitCode } = prepare(ownName, given, context);
      await runCommand(command, { rawArgs });
      return exitCode();
    },
    help: () => helpAs(ownName),
    shape: { args },
  };
}

/** citty 0.2.2 reads `--no-start` as `--start` turned off, also where the flag itself is called `no-start`. */
function negations(parsed: object, args: ArgsDef): Record<string, boolean> {
  const off = Object.entries(parsed).flatMap(([name, value]) => (value === false ? [`no-${name}`] : []));
  return Object.fromEntries(off.filter((name) => Object.hasOwn(args, name)).map((name) => [name, true]));
}
