// Makes one agent of two processes: the server of a CLI, in which the session runs, and the CLI's terminal on that session. If either ends,
// the other is ended, too.
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
  /** Whether the agent is ending. Nobody would end a terminal that is started now, and the shell would not get the user's terminal back. */
  let isEnding = false;
  const end = async (signal?: NodeJS.Signals) => {
    isEnding = true;
    // The server is ended first, in its own way. The end of the terminal would end it at once, because it belongs to the same run.
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
