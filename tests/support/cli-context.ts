// What a command gets from its process, for tests that call a command's own functions without starting the program.
import { PassThrough } from "node:stream";
import type { CliContext } from "../../src/cli/frame/context.ts";
import { silentLogger } from "../../src/log.ts";

export interface TestContext extends CliContext {
  readonly printed: readonly string[];
  readonly noted: readonly string[];
  /** What a person at a terminal is told while the command waits. */
  readonly progressed: readonly string[];
}

/** An environment that starts no server, no terminal, no input; `exitNow` throws. */
export function testContext(more: Partial<CliContext> = {}): TestContext {
  const printed: string[] = [];
  const noted: string[] = [];
  const progressed: string[] = [];
  return {
    // A test that forgets its server must not leave one running.
    env: { CLIAI_NO_START: "1" },
    cwd: "/",
    stdin: new PassThrough().end(),
    stdout: new PassThrough(),
    log: silentLogger,
    logTo: () => silentLogger,
    json: false,
    isTerminal: false,
    columns: 80,
    color: false,
    now: () => new Date(),
    print: (line) => void printed.push(line),
    note: (line) => void noted.push(line),
    progress: (line) => void progressed.push(line),
    outputEnded: new AbortController().signal,
    exitNow: (code) => {
      throw new Error(`the process is to end with ${code}`);
    },
    ...more,
    printed,
    noted,
    progressed,
  };
}
