// Sends back what it reads, to measure the cost of a round trip over stdio alone.
import type { BenchProgram } from "./program.ts";
import { untilInputEnds } from "./program.ts";

export const echo: BenchProgram = async ({ stdin, stdout }) => {
  stdin.on("data", (chunk) => stdout.write(chunk));
  await untilInputEnds(stdin);
};
