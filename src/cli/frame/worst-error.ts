// Makes one error of the errors about several agents: each is printed, and the worst one decides the exit code.
import { CliaiError, exitCodeOf, messageOf } from "../../domain/text/errors.ts";
import { plain } from "./terminal.ts";

/**
 * Does nothing if there are no errors.
 * @throws the error itself if there is one; if there are several, one error with `words` and the highest of their exit codes
 */
export function throwWorst(errors: readonly unknown[], words: string, note: (line: string) => void): void {
  const [worst] = errors.toSorted((a, b) => exitCodeOf(b) - exitCodeOf(a));
  if (worst === undefined) return;
  if (errors.length === 1) throw worst;
  for (const error of errors) note(plain(messageOf(error)));
  const code = worst instanceof CliaiError ? worst.code : "failed";
  throw new CliaiError(code, words, { hint: "the lines above say why for each agent", cause: worst });
}
