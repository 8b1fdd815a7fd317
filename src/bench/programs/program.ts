// What a helper program of the benchmark gets. Helpers, such as the other ends of limits and the simulated fleet, are processes of their
// own, like the real ones. Their options are JSON in the environment, which no other user can read. They read lines from stdin and print
// lines to stdout.
import type { Readable, Writable } from "node:stream";

export const optionsVariable = "CLIAI_BENCH_OPTIONS";

export interface BenchProgramParts {
  readonly options: unknown;
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** Resolves when the program's work is over. A program that only answers ends when its stdin ends. */
export type BenchProgram = (parts: BenchProgramParts) => Promise<void>;

export function say(stdout: Writable, value: unknown): void {
  stdout.write(`${JSON.stringify(value)}\n`);
}

export async function untilInputEnds(stdin: Readable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stdin.once("end", resolve).once("close", resolve).resume();
  await promise;
}
