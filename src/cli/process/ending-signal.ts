// Ends work that puts things in order itself when it is ended from outside.
import process from "node:process";
import { CliaiError } from "../../domain/text/errors.ts";
import type { CliContext } from "../frame/context.ts";
import { ignoresHangup } from "./hangup.ts";
import { whenEnded } from "./when-ended.ts";

/**
 * Aborts when the command is to end, with the reason that `whenEnded` gives, also when its terminal closes, unless it was started to outlive that.
 * @param parts until these are disposed
 */
export function endingSignal(
  context: Pick<CliContext, "outputEnded" | "serve">,
  parts: AsyncDisposableStack,
): AbortSignal {
  const ending = new AbortController();
  whenEnded(context, parts).catch((reason: unknown) => ending.abort(reason));
  if (context.serve === undefined && ignoresHangup() === false) {
    const hangUp = () => ending.abort(new CliaiError("interrupted", "interrupted: its terminal has closed"));
    process.once("SIGHUP", hangUp);
    parts.defer(() => void process.off("SIGHUP", hangUp));
  }
  return ending.signal;
}
