// How an agent's CLI ended: by itself, because it was told to, or by a crash. Its process is one that the test plays.
import { describe, expect, test } from "bun:test";
import { type Exit, runningAgent } from "../../src/agents/running-agent.ts";

/** A CLI without processes of its own: its run is one that no process has. */
function cli(onSignal: (signal: NodeJS.Signals, exit: (how: Exit) => void) => void = () => undefined) {
  const { promise: exit, resolve, reject } = Promise.withResolvers<Exit>();
  const signals: NodeJS.Signals[] = [];
  const agent = runningAgent({
    ...{ pid: undefined, run: crypto.randomUUID(), exit },
    kill(signal) {
      signals.push(signal);
      onSignal(signal, resolve);
    },
  });
  return {
    agent,
    signals,
    exits: (code: number | null, signal: Exit["signal"] = null) => resolve({ code, signal }),
    reject,
  };
}

describe("runningAgent()", () => {
  test.each([
    [0, null, "ended", "exit code 0", 0],
    [3, null, "crashed", "exit code 3", 3],
    [143, null, "told", "exit code 143", 143],
    [129, null, "told", "exit code 129", 129],
    [130, null, "told", "exit code 130", 130],
    [137, null, "crashed", "exit code 137", 137],
    [null, "SIGTERM", "told", "SIGTERM", 143],
    [null, "SIGHUP", "told", "SIGHUP", 129],
    [null, "SIGINT", "told", "SIGINT", 130],
    [null, "SIGKILL", "crashed", "SIGKILL", 137],
    [null, "SIGSEGV", "crashed", "SIGSEGV", 139],
  ] as const)(
    "with code %p and signal %p has %s: %p, exit code %p",
    async (code, signal, as, words, exitCode) => {
      const { agent, exits } = cli();
      exits(code, signal);
      expect([await agent.endedAs, await agent.ended, await agent.exitCode]).toEqual([as, words, exitCode]);
    },
  );

  test("is told if we end it, however it then ends; and gets one first signal, whoever asks how often", async () => {
    const { agent, signals } = cli((_, exit) => exit({ code: 1, signal: null }));
    await Promise.all([agent.end("SIGINT"), agent.end()]);
    expect([signals, await agent.endedAs, await agent.ended]).toEqual([["SIGINT"], "told", "exit code 1"]);
  });

  test("asks with SIGTERM if nothing else is said", async () => {
    const { agent, signals } = cli((signal, exit) => exit({ code: null, signal }));
    await agent.end();
    expect([signals, await agent.ended]).toEqual([["SIGTERM"], "SIGTERM"]);
  });

  test("that could not be started is no crash, and says why", async () => {
    const { agent, reject } = cli();
    reject(new Error("no such program"));
    expect([await agent.endedAs, await agent.ended]).toEqual(["told", "no such program"]);
    await expect(agent.exitCode).rejects.toThrow("no such program");
    await agent.exited;
  });
});
