// What serve runs for a client says the same as the client itself, over NATS.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { buildInfo } from "../../../src/build-info.ts";
import { commands } from "../../../src/cli/frame/commands.ts";
import { type Attempt, operatorOf } from "../../../src/cli/frame/context.ts";
import { createCommandRunner } from "../../../src/cli/through-serve/command-runner.ts";
import { buildText, zoneOfProcess } from "../../../src/cli/through-serve/same-words.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../../src/log.ts";
import { consumeOrders } from "../../../src/nats/jetstream/follow.ts";
import { type CommandLine, commandsInServe, type Printed } from "../../../src/web/api/command-line-schema.ts";
import type { CommandRunner } from "../../../src/web/api/command-lines.ts";
import { startAgent, type TestAgent } from "../../support/agent-fixture.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

let run: TestServer;
let home: TempDir;
let agent: TestAgent;
const context = testContext();

beforeAll(async () => {
  run = await startTestServer();
  home = await tempDir();
  const bus = await run.nats.bus();
  agent = await startAgent(run, bus, "ada", { interval_s: 3_600, status: "idle" });
  await startAgent(run, bus, "bob", { interval_s: 3_600, status: "idle" });
  consumeOrders(
    bus,
    ada,
    (order) => {
      const { command_id } = JSON.parse(new TextDecoder().decode(order.data)) as { command_id: string };
      bus.publish("agent.ada.receipt", { command_id, state: "delivered" });
      void order.ack();
    },
    silentLogger,
  );
});
afterAll(async () => {
  await run[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

interface Said {
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** The exit code, or the error. */
  readonly end: unknown;
}

/** Of a client of the same user, at the same time. */
function lineOf(command: string, args: readonly string[], more: Partial<CommandLine> = {}): CommandLine {
  return {
    ...{
      command: command as CommandLine["command"],
      args: [...args],
      cwd: "/",
      operator: operatorOf(context),
    },
    ...{ json: args.includes("--json"), is_terminal: false, columns: 80, color: false },
    build: buildText(buildInfo),
    zone: zoneOfProcess(context.env),
    attempt: { id: crypto.randomUUID(), at: new Date().toISOString() },
    ...more,
  };
}

/** @param now the time that serve has */
function runner(
  bus: Pick<TestServer["bus"], "isConnected"> = run.bus,
  now: () => Date = context.now,
): CommandRunner {
  const serve = { dataDir: "/nowhere", bus: bus as TestServer["bus"], readFleet: run.server.readFleet };
  return createCommandRunner(serve, { ...context, now });
}

async function inServe(command: string, args: readonly string[]): Promise<Said> {
  const printed: Printed[] = [];
  await runner().start(lineOf(command, args))(
    (each) => void printed.push(each),
    new AbortController().signal,
  );
  const last = printed.at(-1) ?? {};
  return {
    out: printed.flatMap((each) => ("out" in each ? [each.out] : [])),
    err: printed.flatMap((each) => ("err" in each ? [each.err] : [])),
    end: "exit" in last ? last.exit : "error" in last ? last.error : undefined,
  };
}

async function byItself(command: string, args: readonly string[], attempt?: Attempt): Promise<Said> {
  // A directory without any server.
  const env = { CLIAI_NO_START: "1", CLIAI_HOME: home.path };
  const own = testContext({ json: args.includes("--json"), attempt, env });
  const loaded = await commands[command]?.load();
  const end = await loaded?.run([...args, "--url", run.nats.url], own).catch((error: unknown) => {
    if (error instanceof CliaiError) return error.toJSON().error;
    throw error;
  });
  return { out: own.printed, err: own.noted, end };
}

/** Without what differs between two calls of the same command: times, ages and the width of their columns, and the ids of orders and requests. */
function timeless(said: Said): unknown {
  const text = JSON.stringify(said)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, "CLOCK")
    .replaceAll(/(age_s\\*":)[\d.]+/g, "$1AGE")
    .replaceAll(/\b\d+ (s|min)\b/g, "SPAN")
    .replaceAll(/ {2,}/g, "  ")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID");
  return JSON.parse(text);
}

async function ask(): Promise<string> {
  const question = { question: "Which file?", choices: ["README.md", "all"], wait_s: 0 };
  const { request_id } = await agent.result("ask_human", question);
  return String(request_id);
}

describe("createCommandRunner()", () => {
  test.each([
    "ls",
    "ls --json",
    "ls -q",
    "ls --status idle",
    "ls --filter nothing-like-it",
    "ls adda",
    "ls --stauts idle",
    "show ada",
    "show ada --json",
    "show adda",
    "show",
    "inbox",
    "inbox --json",
    "answer ada all",
    "answer nobody yes --json",
    "send pause nobody",
    "send task ada",
    "send task ada dig --wait stored",
    "send task ada dig --wait delivered",
    "send task ada dig --wait delivered --json",
    "send ada dig --wait stored",
    "send task --all sweep --wait stored",
    "send task bob dig --wait applied --timeout 2",
    "send pause ada bob --wait stored",
    "show bob",
  ])("cliai %s says in serve what it says itself", async (line) => {
    const [command = "", ...args] = line.split(" ");
    const here = await byItself(command, args);
    expect(timeless(await inServe(command, args))).toEqual(timeless(here));
    expect(here.end).toBeDefined();
  });

  test("a request is shown and answered in the same words", async () => {
    const id = await ask();
    const other = await ask();
    for (const command of ["inbox", "ls"])
      expect(timeless(await inServe(command, []))).toEqual(timeless(await byItself(command, [])));
    const args = (request: string) => [request, "2", "--reason", "it is small", "--timeout", "0"];
    const nameless = (said: Said) => JSON.parse(JSON.stringify(timeless(said)).replaceAll(id, other));
    const inside = await inServe("answer", args(id));
    expect(inside).toMatchObject({ err: [], end: 0 });
    expect(nameless(inside)).toEqual(nameless(await byItself("answer", args(other))));
    // Whoever comes second is told so, in either way.
    expect(nameless(await inServe("answer", args(id)))).toEqual(
      nameless(await byItself("answer", args(other))),
    );
  });

  test("what an order and an answer do does not happen again at a second try of the same attempt", async () => {
    const attempt = { id: crypto.randomUUID(), at: new Date(), isSecond: false };
    const stored = { id: attempt.id, at: attempt.at.toISOString() };
    const id = await ask();
    const tell = async (command: string, args: readonly string[]) =>
      await runner(run.bus, () => attempt.at).start(lineOf(command, args, { attempt: stored }))(
        () => undefined, // the client has not heard it
        new AbortController().signal,
      );
    await tell("send", ["task", "bob", "only once", "--wait", "stored"]);
    await tell("answer", [id, "all", "--timeout", "0"]);
    const again = { ...attempt, isSecond: true };
    const sent = await byItself("send", ["task", "bob", "only once", "--wait", "stored"], again);
    expect(sent.end).toBe(0);
    // Another request of the same agent is open: the second try must not take that one.
    const next = await ask();
    const answered = await byItself("answer", ["ada", "all", "--timeout", "0"], again);
    expect(answered).toMatchObject({ end: 0, out: [`answered ada: all`, expect.any(String)] });
    expect(run.server.requests.get(next)?.state).toBe("asked");
    // If two commands begin in the same millisecond, each takes its own request only.
    const other = await byItself("answer", [next, "some", "--timeout", "0"], again);
    expect(other).toMatchObject({ end: 0, out: ["answered ada: some", expect.any(String)] });
    await tell("send", ["task", "bob", "after it", "--wait", "stored", "--id", "after-it"]);
    const tasks = () =>
      [...run.server.readFleet({ agent_id: "bob" }).records.values()].flatMap(({ commands: all }) =>
        all.flatMap(({ summary }) => (summary === "only once" || summary === "after it" ? [summary] : [])),
      );
    await until("both orders are known", () => tasks().includes("after it"));
    expect(tasks()).toEqual(["only once", "after it"]);
    // A new attempt is another order, and an answer that comes too late.
    expect((await byItself("answer", [id, "all", "--timeout", "0"])).end).toMatchObject({
      code: "decided_already",
    });
  });

  test("a second try knows those whom the first one has sent the order, also if they are away since", async () => {
    run.bus.publish("agent.zed.heartbeat", { agent_id: "zed", status: "idle", interval_s: 5 });
    const zed = () => run.server.fleet.get(parseAgentId("zed"));
    await until("zed is online", () => zed()?.axes.link.value === "online");
    const args = ["task", "--filter", "zed", "sweep", "--wait", "stored"];
    const attempt = { id: crypto.randomUUID(), at: new Date(), isSecond: false };
    expect((await byItself("send", args, attempt)).end).toBe(0);
    await until("zed is away", () => zed()?.axes.link.value === "silent");
    expect((await byItself("send", args, { ...attempt, isSecond: true })).end).toBe(0);
    expect((await byItself("send", args)).end).toMatchObject({ code: "agent_unknown" });
    expect(zed()?.commands.map(({ summary }) => summary)).toEqual(["sweep"]);
  });

  test("a client that would say it in other words, or needs its own process, is refused", () => {
    const start = (more: Partial<CommandLine>) => () => runner().start(lineOf("ls", [], more));
    for (const other of [
      { build: "0.1.0 (abc)" },
      { zone: zoneOfProcess({ TZ: "Asia/Kathmandu" }) },
      { operator: "somebody-else" },
      { attempt: { id: crypto.randomUUID(), at: new Date(Date.now() - 2_000).toISOString() } },
      { args: ["--watch"] },
      { args: ["--url", "nats://other:4222"] },
    ])
      expect(start(other)).toThrow(expect.objectContaining({ code: "refused" }));
    const lost = () => runner({ isConnected: () => false }).start(lineOf("ls", []));
    expect(lost).toThrow(expect.objectContaining({ code: "nats_unreachable" }));
  });

  test("a client that has gone ends the waiting of its command", async () => {
    const gone = new AbortController();
    const printed: Printed[] = [];
    const args = ["task", "bob", "wait for ever", "--wait", "applied", "--timeout", "86400"];
    const running = runner().start(lineOf("send", args))((each) => void printed.push(each), gone.signal);
    await until("it is stored", () => printed.length > 0);
    gone.abort(new CliaiError("interrupted", "the client has gone"));
    await running;
    expect(printed.at(-1)).toMatchObject({ error: { code: "interrupted" } });
  });
});

test("the table of commands marks those that serve runs", () => {
  const marked = Object.entries(commands).flatMap(([name, row]) => (row.runsInServe === true ? [name] : []));
  expect(marked.sort()).toEqual(Object.keys(commandsInServe).sort());
});
