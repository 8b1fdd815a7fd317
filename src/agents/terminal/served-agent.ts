// An agent whose session runs in a server of its CLI: the server, and the CLI's terminal on that session, as one agent. If either ends, the
// other is ended too.
import type { LaunchedAgent } from "../launch.ts";
import type { RunningAgent } from "../running-agent.ts";

/** @param startTerminal starts the CLI's terminal on the session; called once, when the session is open, and never if the agent ends before */
export function servedAgent(
  server: LaunchedAgent,
  startTerminal: (sessionId: string) => RunningAgent,
): LaunchedAgent {
  let terminal: RunningAgent | undefined;
  /** The one that has ended first: how it ended is how the agent has ended. */
  const first = Promise.withResolvers<RunningAgent>();
  const both = async () => {
    const one = await first.promise;
    await Promise.all([server.ended, terminal?.ended]);
    return one;
  };
  /** From then on a terminal would be started that nobody ends: it would keep the user's terminal from its shell. */
  let isEnding = false;
  const end = async (signal?: NodeJS.Signals) => {
    isEnding = true;
    // The server first, in its own way: the end of either one ends what is left of the run at once.
    await server.end(signal);
    await terminal?.end(signal);
  };
  // Not `ended`: a server that was killed counts as ended only when what it had started is ended, too, such as the terminal.
  const watch = (one: RunningAgent) =>
    void one.exited.then(() => {
      first.resolve(one);
      return end();
    });
  const exitCode = both().then((one) => one.exitCode);
  exitCode.catch(() => undefined); // avoids an unhandled rejection before anybody awaits it
  watch(server);
  return {
    ...server,
    end,
    exited: first.promise.then(() => undefined),
    ended: both().then((one) => one.ended),
    endedAs: both().then((one) => one.endedAs),
    exitCode,
    openTerminal(sessionId) {
      if (isEnding) return;
      terminal = startTerminal(sessionId);
      watch(terminal);
    },
  };
}
