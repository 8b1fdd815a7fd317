// This room holds the programs that a scenario runs as processes of their own.
//
// The programs by name. Only the one that runs is loaded, so that the echo program stays as small as possible.
import type { BenchProgram } from "./program.ts";
import type { BenchProgramName } from "./start-program.ts";

export const programs: Readonly<Record<BenchProgramName, () => Promise<BenchProgram>>> = {
  echo: async () => (await import("./echo.ts")).echo,
  responder: async () => (await import("./responder.ts")).responder,
  subscriber: async () => (await import("./subscriber.ts")).subscriber,
  publisher: async () => (await import("./publisher.ts")).publisher,
  fleet: async () => (await import("./fleet.ts")).fleet,
};
