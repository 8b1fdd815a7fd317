// Sends back what it reads: what a round trip over stdio costs when nothing is done with it.
import type { BenchProgram } from "./program.ts";
import { untilInputEnds } from "./program.ts";

export const echo: BenchProgram = async ({ stdin, stdout }) => {
  stdin.on("data", (chunk) => stdout.write(chunk));
  await untilInputEnds(stdin);
};
