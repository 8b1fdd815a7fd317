// Errors about several agents as one: each is printed, and the worst gives the exit code.
import { CliaiError, exitCodeOf, messageOf } from "../../domain/text/errors.ts";

/** @throws the only error as it is; of several one in these words, with the highest exit code among them; nothing without an error */
export function throwWorst(errors: readonly unknown[], words: string, note: (line: string) => void): void {
  const [worst] = errors.toSorted((a, b) => exitCodeOf(b) - exitCodeOf(a));
  if (worst === undefined) return;
  if (errors.length === 1) throw worst;
  for (const error of errors) note(messageOf(error));
  const code = worst instanceof CliaiError ? worst.code : "failed";
  throw new CliaiError(code, words, { hint: "the lines above say why for each agent", cause: worst });
}
