// Starts a helper program of the benchmark as a process of its own.
import { type BenchChild, startBenchChild } from "../child.ts";
import type { BenchContext } from "../scenario.ts";
import { optionsVariable } from "./program.ts";

const silentForMs = 120_000;

export type BenchProgramName = "echo" | "responder" | "subscriber" | "publisher" | "fleet";

/**
 * Resolves when the program is ready. It is ended when `parts` are disposed of.
 * @throws Error if it says nothing for two minutes; a program that needs longer says how far it is
 */
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
  if (name !== "echo") await untilReady(child);
  return child;
}

async function untilReady(child: BenchChild): Promise<void> {
  let isReady = false;
  while (!isReady)
    ({ ready: isReady = false } = JSON.parse(await child.nextLine(silentForMs)) as { ready?: boolean });
}
