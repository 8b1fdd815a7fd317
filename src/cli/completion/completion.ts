// This room completes words in the shell: the scripts that `cliai completion SHELL` prints, and the candidates that those scripts ask
// for.
//
// `cliai completion SHELL`: prints the script that lets a shell complete cliai's commands, flags and agents.
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { defineCliCommand } from "../frame/command.ts";
import { completionScripts, type Shell, shells } from "./scripts.ts";

export const completionCommand = defineCliCommand({
  name: "completion",
  example: "source <(cliai completion bash)",
  description: "print the script that lets a shell complete commands, flags and agents",
  args: {
    shell: { type: "positional", required: true, description: `the shell: ${shells.join(", ")}` },
  },
  async run({ shell: word }, { print, note }) {
    const shell = readShell(word);
    const { script, use } = completionScripts[shell];
    print(script.trimEnd());
    note(use);
    return 0;
  },
});

function readShell(word: string): Shell {
  const found = shells.find((each) => each === word);
  if (found !== undefined) return found;
  throw new CliaiError("usage", `SHELL "${word}" is not one of ${shells.join(", ")}`, {
    hint: didYouMean(word, shells) ?? "cliai completion bash",
  });
}
