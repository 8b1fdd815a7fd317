// What ends a command from outside: the person, or the reader of its output who has gone.
import process from "node:process";
import { CliaiError } from "../../domain/text/errors.ts";
import type { CliContext } from "../frame/context.ts";

/**
 * Rejects when the command is to end: with `interrupted` after Ctrl-C, or with the reason why nobody reads the output any more.
 * @param parts until these are disposed; they end before the work that they are deferred to
 */
export function whenEnded(
  { outputEnded, serve }: Pick<CliContext, "outputEnded" | "serve">,
  parts: AsyncDisposableStack,
): Promise<never> {
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined); // for a caller who has not come to wait for it
  const interrupt = () => ended.reject(new CliaiError("interrupted", "interrupted"));
  const endQuietly = () => ended.reject(outputEnded.reason);
  // The signals of serve are its own.
  if (serve === undefined) process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  if (outputEnded.aborted) endQuietly();
  outputEnded.addEventListener("abort", endQuietly);
  parts.defer(() => {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    outputEnded.removeEventListener("abort", endQuietly);
  });
  return ended.promise;
}
