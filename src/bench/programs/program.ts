// What a program of the benchmark gets: the far ends of the limits and the load run in processes of their own, as the real
// ones do. Its options come as JSON in the environment, which no other user can read; its lines by stdin, and what it has to
// tell goes out as lines.
import type { Readable, Writable } from "node:stream";

export const optionsVariable = "CLIAI_BENCH_OPTIONS";

export interface BenchProgramParts {
  readonly options: unknown;
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** Resolves when its work is over; a program that only serves ends with its stdin. */
export type BenchProgram = (parts: BenchProgramParts) => Promise<void>;

export function say(stdout: Writable, value: unknown): void {
  stdout.write(`${JSON.stringify(value)}\n`);
}

export async function untilInputEnds(stdin: Readable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stdin.once("end", resolve).once("close", resolve).resume();
  await promise;
}
