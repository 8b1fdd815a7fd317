// Starts a helper program of the benchmark as a process of its own.
import { type BenchChild, startBenchChild } from "../child.ts";
import type { BenchContext } from "../scenario.ts";
import { optionsVariable } from "./program.ts";

export type BenchProgramName = "echo" | "responder" | "subscriber" | "publisher" | "fleet";

/** Resolves when the program is ready. It is ended when `parts` are disposed of. */
export async function startProgram(
  { self }: Pick<BenchContext, "self">,
  parts: AsyncDisposableStack,
  name: BenchProgramName,
  options: unknown,
): Promise<BenchChild> {
  const child = parts.use(
    await startBenchChild(self, ["bench", "program", name], {
      env: { [optionsVariable]: JSON.stringify(options) },
    }),
  );
  if (name !== "echo") await child.nextLine();
  return child;
}
