// Asks the person at the terminal before something is lost for good.
import { createInterface } from "node:readline";
import { CliaiError } from "../../domain/text/errors.ts";
import type { CliContext } from "./context.ts";
import { hasTerminal } from "./has-terminal.ts";

/**
 * Waits for the answer as long as the person takes. An end of the input is a no.
 * @throws CliaiError `usage` without a terminal, where nobody can answer
 */
export async function askYes(
  question: string,
  { note, stdin }: Pick<CliContext, "note" | "stdin">,
): Promise<boolean> {
  if (!hasTerminal()) {
    throw new CliaiError("usage", `cannot ask without a terminal: ${question}`, {
      hint: "add --yes if you are sure",
    });
  }
  note(`${question} [y/N]`);
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) return /^\s*(?:y|yes)\s*$/i.test(line);
    return false;
  } finally {
    lines.close();
  }
}
