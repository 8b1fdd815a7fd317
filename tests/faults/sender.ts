// A person at a terminal who repeats a command of `cliai` until it says that it is done, as the documentation tells to:
// always under the same key, so that repeating it does no harm.
import { setTimeout as delay } from "node:timers/promises";
import type { Child } from "../support/child.ts";
import { startCliai } from "../support/cliai.ts";

export interface Sender extends AsyncDisposable {
  /** Runs it until it exits with a code that is an end. Fails at the deadline. */
  insist(args: readonly string[], deadlineMs: number, ends: readonly number[]): Promise<void>;
  /** To the process that runs now, or else to the next one. */
  signal(signal: NodeJS.Signals): void;
}

const pauseMs = 200;

export function createSender(): Sender {
  let current: Child | undefined;
  let early: NodeJS.Signals | undefined;
  let isOver = false;
  return {
    async insist(args, deadlineMs, ends) {
      const deadline = Date.now() + deadlineMs;
      const codes: (number | null)[] = [];
      while (true) {
        await using child = await startCliai(args);
        current = child;
        if (early !== undefined) child.kill(early);
        early = undefined;
        const { code, stderr } = await child.exit(Math.max(1, deadline - Date.now()));
        current = undefined;
        codes.push(code);
        if (ends.includes(code ?? -1)) return;
        if (isOver || Date.now() > deadline)
          throw new Error(`cliai ${args.join(" ")}: ${codes.join(", ")}: ${stderr}`);
        await delay(pauseMs);
      }
    },
    signal(signal) {
      if (current === undefined) early = signal;
      else current.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await current?.[Symbol.asyncDispose]();
    },
  };
}
