// `cliai top` on a terminal (tmux), with real bridges for agents.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import type { Child } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux, type TmuxSession } from "../support/tmux.ts";
import { until } from "../support/wait-for.ts";

let serve: RunningServe;
beforeAll(async () => {
  serve = await startServe();
});
afterAll(() => serve[Symbol.asyncDispose]());

async function startAgent(id: string): Promise<Child> {
  const bridge = await startBridge(serve, id);
  await initialize(bridge);
  return bridge;
}

interface TopOnTerminal extends AsyncDisposable {
  readonly terminal: TmuxSession;
  readonly pid: number;
  /** The exit code, once it has ended; and what its terminal is like then. */
  ended(): Promise<{ readonly code: number; readonly screen: string }>;
}

/** A shell that starts the command and waits for it, as a person's shell does, and then prints the mode of the terminal. */
const shell = `"$@" </dev/tty & echo $! > "$0"; wait $!; echo "ended with $?"; stty -a; echo over; exec sleep 600`;

async function startOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  dataDir = serve.dataDir,
): Promise<TopOnTerminal> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const pidFile = dir.join("pid");
  const terminal = starting.use(
    await startTmux({
      ...{ dir: dir.path, cwd: dir.path, columns: 80, rows: 24 },
      commandLine: ["sh", "-c", shell, pidFile, ...cliaiCommand(), ...args, "--data-dir", dataDir],
      env: {
        ...{ PATH: process.env.PATH ?? "", HOME: dir.path, TERM: "xterm-256color", LANG: "C.UTF-8" },
        ...{ CLIAI_NO_START: "1", USER: "kim", ...env },
      },
    }),
  );
  const pid = Number(await until("its process id", () => readFile(pidFile, "utf8").catch(() => "")));
  const running = starting.move();
  return {
    ...{ terminal, pid },
    async ended() {
      const screen = await terminal.waitFor(/ended with \d+[\s\S]*^over$/m);
      return { code: Number(/ended with (\d+)/.exec(screen)?.[1]), screen };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The terminal is as before: the first screen, with a cursor; and it is the terminal that reads lines and shows what is typed. */
async function expectRestored({ terminal }: TopOnTerminal, screen: string): Promise<void> {
  expect(await terminal.variable("alternate_on")).toBe("0");
  expect(await terminal.variable("cursor_flag")).toBe("1");
  expect(await terminal.variable("wrap_flag")).toBe("1");
  expect(screen).toMatch(/(?<!-)\bicanon\b/);
  expect(screen).toMatch(/(?<!-)\becho\b/);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // there is no such process
  }
}

const typesOf = async (id: string) => (await fetchAgent(serve, id)).commands.map(({ type }) => type);

describe("cliai top", () => {
  test("shows who needs a person first, answers, pauses, asks before it stops, and leaves the terminal as it was", async () => {
    await using ada = await startAgent("ada");
    await using bob = await startAgent("bob");
    await callTool(bob, 1, "report_status", {
      ...{ status: "working", current_task: "漢字 digging \u001b]0;owned\u0007" },
    });
    const asked = callTool(ada, 1, "request_stop_approval", {
      ...{ reason: "all is done", context: "nothing is left", work_completed: "the garden" },
    });
    const attention = async () => (await fetchAgent(serve, "ada")).axes.attention.value;
    await until("ada asks", async () => (await attention()) === "approval");

    await using top = await startOnTerminal(["top"]);
    const { terminal } = top;
    const rows = (
      await terminal.waitFor((text) => text.includes("all is done") && text.includes("y/n answer"))
    ).split("\n");
    expect(rows).toHaveLength(24);
    expect(rows[0]).toMatch(/^1 needs you · 1 working/);
    expect(rows[2]).toMatch(/^> ada /);
    expect(rows[3]).toMatch(/^ {2}bob .*漢字 digging/);
    expect(await terminal.variable("pane_title")).not.toContain("owned");
    expect(await terminal.variable("alternate_on")).toBe("1");

    // The first press may come before the request can have been read.
    await until("ada has its answer", async () => {
      await terminal.keys("y");
      return (await attention()) === "none";
    });
    expect((await asked).text).toContain("approved by kim");

    await terminal.keys("/");
    await terminal.type("digging");
    await terminal.keys("Enter");
    await terminal.waitFor((text) => /^> bob /m.test(text) && !/^..ada /m.test(text));
    await terminal.keys("p");
    await until("bob is to pause", async () => (await typesOf("bob")).includes("pause"));
    for (const answer of ["n", "y"]) {
      await terminal.keys("s");
      await terminal.waitFor(/stop bob\? y or n/);
      expect(await typesOf("bob")).not.toContain("stop");
      await terminal.keys(answer);
      await terminal.waitFor((text) => !text.includes("y or n"));
    }
    expect(await bob.exit()).toMatchObject({ code: 0 });

    await terminal.keys("q");
    const { code, screen } = await top.ended();
    expect(code).toBe(0);
    await expectRestored(top, screen);
    ada.endInput();
    await ada.exit();
  });

  test("gives a task, and shows the events of the selected agent as they come", async () => {
    await using cleo = await startAgent("cleo");
    await using top = await startOnTerminal(["top"]);
    const { terminal } = top;
    await terminal.keys("/");
    await terminal.type("cleo");
    await terminal.keys("Enter", "t");
    await terminal.type("dig a hole");
    await terminal.waitFor(/^task for cleo: dig a hole/m);
    await terminal.keys("Enter");
    await terminal.waitFor(/ told +task by kim: dig a hole$/m);
    await callTool(cleo, 1, "log_activity", { action: "bought a spade" });
    await terminal.waitFor(/ reported +bought a spade$/m);
    cleo.endInput();
    await cleo.exit();
  });

  test("shows an agent's place before its model server, then how far its prompt is read", async () => {
    const at = () => new Date().toISOString();
    await using parts = new AsyncDisposableStack();
    const bus = await connectBus({
      ...{ url: serve.natsUrl, name: "a program of its own", credsPath: serve.credsPath, log: silentLogger },
    });
    parts.defer(() => bus.close());
    const beat = (model_request: object) =>
      bus.publish("agent.mona.heartbeat", {
        ...{ agent_id: "mona", status: "working", current_task: "tidying", timestamp: at(), interval_s: 60 },
        model_request: { server: "gpu:8080", since: at(), tokens_per_s: 31, ...model_request },
      });
    beat({ state: "waiting", place: 2, waiting: 3 });
    await using top = await startOnTerminal(["top"]);
    await top.terminal.waitFor(/^..mona .* place 2\/3, \d+ \w+, 31 tok\/s +/m);
    beat({ state: "working", prompt_read: 50, prompt_tokens: 200 });
    await top.terminal.waitFor(/^..mona .* prompt 25 %, \d+ \w+, 31 tok\/s +/m);
  });

  test("is right at another size, and after Ctrl-Z and back", async () => {
    await using dora = await startAgent("dora");
    await using top = await startOnTerminal(["top"]);
    const { terminal } = top;
    await terminal.waitFor(/^..dora /m);
    await terminal.resize(40, 10);
    const isNarrow = (text: string) => {
      const rows = text.split("\n");
      return rows.length === 10 && rows[9]?.includes("? help") === true && /^..dora /m.test(text);
    };
    await terminal.waitFor(isNarrow);
    await terminal.keys("C-z");
    await until("the first screen", async () => (await terminal.variable("alternate_on")) === "0");
    process.kill(top.pid, "SIGCONT");
    await until("the other screen", async () => (await terminal.variable("alternate_on")) === "1");
    await terminal.waitFor(isNarrow);
    await terminal.resize(100, 30);
    await terminal.waitFor((text) => text.split("\n").length === 30 && /^..dora /m.test(text));
    await terminal.keys("C-c");
    const { code, screen } = await top.ended();
    expect(code).toBe(130);
    await expectRestored(top, screen);
    dora.endInput();
    await dora.exit();
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)("ends clean on %s", async (signal) => {
    await using top = await startOnTerminal(["top"]);
    await top.terminal.waitFor(/\? help/);
    process.kill(top.pid, signal);
    const { code, screen } = await top.ended();
    expect(code).toBe(130);
    await expectRestored(top, screen);
  });

  test("ends when its terminal closes", async () => {
    await using top = await startOnTerminal(["top"]);
    await top.terminal.waitFor(/\? help/);
    await top.terminal.close();
    await until("its end", () => !isAlive(top.pid));
  });

  test("draws at most four times a second, whatever happens; and without colour if NO_COLOR is set", async () => {
    await using eve = await startAgent("eve");
    await using dir = await tempDir();
    await using top = await startOnTerminal(["top"], { NO_COLOR: "1" });
    const { terminal } = top;
    await terminal.waitFor(/^..eve /m);
    const written = dir.join("written");
    await terminal.record(written);
    const startedMs = performance.now();
    for (let call = 1; call <= 60; call += 1)
      await callTool(eve, call, "report_progress", { note: `${call} done` });
    await terminal.waitFor(/^..eve /m);
    await terminal.keys("C-l");
    const text = await until("all is drawn anew", async () => {
      const seen = await readFile(written, "latin1").catch(() => "");
      return /\?2026h.\[1;1H[\s\S]*\?2026l$/.test(seen) && seen;
    });
    const seconds = (performance.now() - startedMs) / 1_000;
    // One more at either end, and the key.
    expect(text.split("\u001b[?2026h").length - 1).toBeLessThanOrEqual(seconds * 4 + 3);
    expect(text).not.toMatch(/.\[[\d;]*m/);
    eve.endInput();
    await eve.exit();
  });

  test("without a terminal, and for JSON, it names the command that follows the fleet", async () => {
    expect(await serve.run(["top"])).toMatchObject({
      ...{ code: 2, stdout: "" },
      stderr: "error: top needs a terminal, and there is none\nhint: cliai ls --watch\n",
    });
    const json = await serve.run(["top", "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stderr).error.hint).toEndWith("cliai ls --watch --json");
  });

  test("says that the server has gone, sends nothing meanwhile, and finds the next one", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    const first = await startServe({ dataDir });
    const ports = { port: Number(new URL(first.url).port), natsPort: Number(new URL(first.natsUrl).port) };
    await using _ada = await startBridge(first, "ada");
    await using top = await startOnTerminal(["top"], {}, dataDir);
    await top.terminal.waitFor(/^> ada /m);
    await first[Symbol.asyncDispose]();
    await top.terminal.waitFor(/the connection to NATS is lost|no serve answers/);
    await top.terminal.keys("t");
    await top.terminal.waitFor(/^not possible now: /m);
    await using _ = await startServe({ dataDir, ...ports });
    await top.terminal.waitFor((text) => !/is lost|no serve/.test(text.split("\n")[0] ?? ""));
    await top.terminal.keys("q");
    expect((await top.ended()).code).toBe(0);
  });
});

describe("cliai ls --watch", () => {
  test("keeps the list up to date on a terminal, and leaves the last one there", async () => {
    await using fred = await startAgent("fred");
    await using list = await startOnTerminal(["ls", "--watch", "fred"]);
    await list.terminal.waitFor(/^fred +○ connected/m);
    await callTool(fred, 1, "report_status", { status: "working", current_task: "digging" });
    await list.terminal.waitFor(/^fred +● working .*digging$/m);
    process.kill(list.pid, "SIGINT");
    const { code, screen } = await list.ended();
    expect(code).toBe(130);
    expect(screen).toMatch(/^fred +● working .*digging$/m);
    await expectRestored(list, screen);
  });
});
