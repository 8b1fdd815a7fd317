// Defines a command of the program with citty, and adds what citty lacks: strictness, the context, arguments after `--`,
// the exit code, a help without colour.
import { type ArgsDef, defineCommand, type ParsedArgs, runCommand } from "citty";
import { commandHelp } from "./command-help.ts";
import type { CliContext } from "./context.ts";
import { checkArgs } from "./strict-args.ts";

/** The arguments by the names of their definitions, and none besides. */
export type Arguments<T extends ArgsDef> = Pick<ParsedArgs<T>, keyof T & string>;

export interface CliCommand {
  /** @throws CliaiError `usage`, or what the command throws; resolves to the exit code */
  run(args: readonly string[], context: CliContext): Promise<number>;
  help(): string;
}

interface CliCommandOptions<T extends ArgsDef> {
  readonly name: string;
  readonly description: string;
  readonly args: T;
  /** Whether the arguments after `--` are passed on to another program, as `rest`; they are positional otherwise. */
  readonly passesOn?: boolean;
  /** Whether more arguments are taken than are named, as `rest`. */
  readonly takesMore?: boolean;
  /** Resolves to the exit code; throws a CliaiError for anything that a person has to know. */
  readonly run: (args: Arguments<T>, context: CliContext, rest: readonly string[]) => Promise<number>;
}

export function defineCliCommand<const T extends ArgsDef>(options: CliCommandOptions<T>): CliCommand {
  const { name, description, args, passesOn = false, takesMore = false } = options;
  return {
    async run(given, context) {
      const { rawArgs, rest } = checkArgs(name, given, args, { passesOn, takesMore });
      const run = defineCommand<T>({ args, run: ({ args: parsed }) => options.run(parsed, context, rest) });
      // A fresh definition each time: citty 0.2.2 has no way to hand in the context with its type.
      return (await runCommand(run, { rawArgs })).result as number;
    },
    help: () => commandHelp({ name, description, args, passesOn, takesMore }),
  };
}
