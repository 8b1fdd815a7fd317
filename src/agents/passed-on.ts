// What the user passes on to the CLI counts more than what cliai would give it.
import type { AgentLaunch } from "./agent-launch.ts";

/** Whether the user passes one of these flags on, alone or as `--flag=value`. */
export function passesOn({ passedOn }: Pick<AgentLaunch, "passedOn">, flags: readonly string[]): boolean {
  return passedOn.some((arg) => flags.includes(arg.split("=")[0] ?? ""));
}
