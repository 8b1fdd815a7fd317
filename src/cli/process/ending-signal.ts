// Ends work that puts things in order itself when it is ended from outside.
import type { CliContext } from "../frame/context.ts";
import { whenEnded } from "./when-ended.ts";

/** Aborts when the command is to end, with the reason that `whenEnded` gives. @param parts until these are disposed */
export function endingSignal(
  context: Pick<CliContext, "outputEnded" | "serve">,
  parts: AsyncDisposableStack,
): AbortSignal {
  const ending = new AbortController();
  whenEnded(context, parts).catch((reason: unknown) => ending.abort(reason));
  return ending.signal;
}
