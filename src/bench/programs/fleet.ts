// A fleet of simulated agents.
import type { BenchProgram } from "./program.ts";
export const fleet: BenchProgram = async () => undefined;
