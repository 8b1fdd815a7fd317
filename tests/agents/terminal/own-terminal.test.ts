import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import type { AgentCli } from "../../../src/agents/agent-cli.ts";
import { launchOnOwnTerminal } from "../../../src/agents/terminal/own-terminal.ts";

/** What Bun does on a terminal that has closed: `setRawMode` emits an error. */
class ClosingTerminal extends PassThrough {
  isClosed = false;
  setRawMode() {
    if (this.isClosed) this.emit("error", new Error("setRawMode failed with errno: 5"));
  }
}

function launch(diesWithTerminal: boolean) {
  const exited = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
  const stdin = new ClosingTerminal();
  const killed: (string | undefined)[] = [];
  const agent = launchOnOwnTerminal({
    cli: { name: "Some CLI", program: "sh", install: "" } as unknown as AgentCli,
    ...{ args: [], cwd: "/", env: {}, run: crypto.randomUUID(), diesWithTerminal },
    ...{ stdin, stdout: new PassThrough() },
    open: () => ({
      // The id of no process.
      ...{ pid: 2 ** 22 + 1, exited: exited.promise },
      write: () => undefined,
      resize: () => undefined,
      kill(signal) {
        killed.push(signal);
        exited.resolve({ code: null, signal: "SIGHUP" });
      },
    }),
  });
  return { agent, stdin, killed, exit: exited.resolve };
}

test.each([true, false])(
  "how the CLI has ended is told also if its terminal closed just before (it dies with it: %p)",
  async (diesWithTerminal) => {
    const { agent, stdin, exit } = launch(diesWithTerminal);
    stdin.isClosed = true;
    exit({ code: null, signal: "SIGHUP" });
    expect(await agent?.exitCode).toBe(129);
    expect(await agent?.ended).toBe("SIGHUP");
    expect(await agent?.endedAs).toBe("told");
  },
);

test.each([
  [true, ["SIGHUP"]],
  [false, []],
])(
  "a terminal that closes without a signal ends the CLI that dies with it (%p), and no other",
  async (dies, wanted) => {
    const { agent, stdin, killed, exit } = launch(dies);
    stdin.isClosed = true;
    stdin.emit("end");
    if (!dies) {
      await agent?.whenClosed;
      exit({ code: 0, signal: null });
    }
    expect(await agent?.exitCode).toBe(dies ? 129 : 0);
    expect(killed).toEqual(wanted);
  },
);
