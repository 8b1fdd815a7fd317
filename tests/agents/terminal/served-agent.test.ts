// A server and a terminal of a CLI as one agent, with real processes.
import { describe, expect, test } from "bun:test";
import type { AgentCli } from "../../../src/agents/agent-cli.ts";
import { type LaunchedAgent, launchAgent } from "../../../src/agents/launch.ts";
import { servedAgent } from "../../../src/agents/terminal/served-agent.ts";

const shell: AgentCli = {
  ...{ name: "sh", program: "sh", install: "apt install sh", triedVersion: "1.0.0", abilities: {} },
  probedFlags: [],
  prepare: () => Promise.resolve({ args: [] }),
};
const lives = "while :; do sleep 0.05; done";

function start(script: string, run = crypto.randomUUID()): LaunchedAgent {
  const options = { cli: shell, cwd: "/", env: process.env, isTerminal: false, isBeside: true, run };
  return launchAgent({ ...options, args: ["-c", script], isPiped: true });
}

describe.skipIf(process.platform === "win32")("servedAgent()", () => {
  test("ends as its terminal has ended, and its server with it", async () => {
    const server = start(lives);
    const sessions: string[] = [];
    const agent = servedAgent(server, (session) => {
      sessions.push(session);
      return start("exit 7");
    });
    agent.openTerminal?.("ses_1");
    expect(await agent.exitCode).toBe(7);
    expect([await agent.ended, await agent.endedAs, await server.ended]).toEqual([
      ...["exit code 7", "crashed", "SIGTERM"],
    ]);
    expect(sessions).toEqual(["ses_1"]);
  });

  test("a server that crashes takes the terminal along, also before there is one", async () => {
    const terminal = start(lives);
    const agent = servedAgent(start("sleep 0.3; kill -KILL $$"), () => terminal);
    agent.openTerminal?.("ses_1");
    expect([await agent.ended, await agent.endedAs, await terminal.ended]).toEqual([
      ...["SIGKILL", "crashed", "SIGTERM"],
    ]);
    const early = servedAgent(start("exit 3"), () => terminal);
    expect([await early.ended, await early.exitCode]).toEqual(["exit code 3", 3]);
  });

  test("a server that is killed has crashed, also where its terminal is ended as a process of the same run", async () => {
    const run = crypto.randomUUID();
    const [server, terminal] = [start(lives, run), start(lives, run)];
    const agent = servedAgent(server, () => terminal);
    agent.openTerminal?.("ses_1");
    process.kill(server.pid as number, "SIGKILL");
    expect([await agent.ended, await agent.endedAs]).toEqual(["SIGKILL", "crashed"]);
  });

  test("opens no terminal on a server that has ended, or that is being ended", async () => {
    const sessions: string[] = [];
    const startTerminal = (session: string) => {
      sessions.push(session);
      return start(lives);
    };
    const crashed = servedAgent(start("exit 3"), startTerminal);
    await crashed.ended;
    crashed.openTerminal?.("ses_1");
    const stopped = servedAgent(start(lives), startTerminal);
    const end = stopped.end();
    stopped.openTerminal?.("ses_2");
    await end;
    expect([sessions, await stopped.endedAs]).toEqual([[], "told"]);
  });

  test("is ended as a whole, and was told to", async () => {
    const [server, terminal] = [start(lives), start(lives)];
    const agent = servedAgent(server, () => terminal);
    agent.openTerminal?.("ses_1");
    await agent.end();
    expect([await agent.endedAs, await server.ended, await terminal.ended]).toEqual([
      ...["told", "SIGTERM", "SIGTERM"],
    ]);
    expect(agent.pid).toBe(server.pid as number);
  });
});
