// Whether a person sits at this process: both its input and its output are a terminal.
import process from "node:process";

export function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}
