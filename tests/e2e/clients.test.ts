// send, ls, show and watch against a real server, with real bridges for agents.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { fetchAgent, type ShownAgent, showAgent, startBridge } from "../support/bridges.ts";
import type { ChildExit } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startCliai, startServe, untilApplied } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { waitFor } from "../support/wait-for.ts";

let serve: RunningServe;
beforeAll(async () => {
  serve = await startServe();
});
afterAll(() => serve[Symbol.asyncDispose]());

const show = (id: string) => showAgent(serve, id);
const startAgent = (id: string) => startBridge(serve, id);

let calls = 0;
/** The id of a call to a bridge's tool. */
const nextCall = () => ++calls;

function receipts({ stdout }: ChildExit): { command_id: string; agent_id: string; state: string }[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("cliai send", () => {
  test("prints each receipt as a JSON line, and ends with 0 when it is delivered", async () => {
    await using _ = await startAgent("ada");
    const run = await serve.run(["send", "task", "ada", "tidy up; $(date) & %PATH%", "--json"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(receipts(run).map(({ agent_id, state }) => [agent_id, state])).toEqual([
      ["ada", "stored"],
      ["ada", "delivered"],
    ]);
    await waitFor(async () => (await show("ada")).commands.length === 1, { what: "the command is shown" });
    expect((await show("ada")).commands[0]).toMatchObject({
      type: "task",
      summary: "tidy up; $(date) & %PATH%",
    });
  });

  test("of several agents only the one addressed is told", async () => {
    await using _abe = await startAgent("abe");
    await using bea = await startAgent("bea");
    await using _cy = await startAgent("cy");
    const toAbe = await serve.run(["send", "task", "abe", "for abe alone", "--json"]);
    const toBea = await serve.run(["send", "stop", "bea", "--json"]);
    expect([toAbe.code, toBea.code]).toEqual([0, 0]);
    expect(await bea.exit()).toMatchObject({ code: 0 });
    // An order to each of the others comes later in the same stream: once it is delivered, what was not theirs has passed.
    for (const id of ["abe", "cy"]) expect((await serve.run(["send", "pause", id])).code).toBe(0);
    const told = async (id: string) => (await fetchAgent(serve, id)).commands.map(({ type }) => type).join();
    expect(await Promise.all(["abe", "bea", "cy"].map(told))).toEqual(["task,pause", "stop", "pause"]);
    const links = ["abe", "bea", "cy"].map(async (id) => (await fetchAgent(serve, id)).axes.link.value);
    expect(await Promise.all(links)).toEqual(["online", "offline", "online"]);
  });

  test("what it prints, the API, cliai show and the page say the same of a stop", async () => {
    await using dan = await startAgent("dan");
    const sent = receipts(await serve.run(["send", "stop", "dan", "--reason", "enough", "--json"]));
    expect(await dan.exit()).toMatchObject({ code: 0 });
    const isStopped = async () => (await fetchAgent(serve, "dan")).status === "stopped";
    await waitFor(isStopped, { what: "dan is stopped" });
    expect(sent.map(({ state }) => state)).toEqual(["stored", "delivered"]);
    await waitFor(async () => (await fetchAgent(serve, "dan")).commands[0]?.receipts.length === 3, {
      what: "its end",
    });
    const ofApi = await fetchAgent(serve, "dan");
    expect(ofApi.commands).toMatchObject([{ command_id: sent[0]?.command_id, type: "stop" }]);
    const states = ofApi.commands[0]?.receipts.map(({ state }) => state);
    expect(states).toEqual(["stored", "delivered", "applied"]);
    await waitFor(async () => (await show("dan")).status === "stopped", { what: "the same by cliai show" });
    expect((await show("dan")).commands).toEqual([...ofApi.commands]);
    const page = await (await serve.fetch("/agents/dan")).text();
    expect(page).toContain(sent[0]?.command_id ?? "no id");
    for (const word of ["stopped", "stored", "delivered", "enough"]) expect(page).toContain(word);
  });

  test("takes a text that begins with dashes behind --, and a long one from stdin", async () => {
    await using _ = await startAgent("ben");
    expect(await serve.run(["send", "task", "ben", "--", "--all of it"])).toMatchObject({ code: 0 });
    const long = "ä".repeat(1_000_000);
    expect(await serve.run(["send", "task", "ben", "-"], { input: long })).toMatchObject({ code: 0 });
    await waitFor(async () => (await show("ben")).commands.length === 2, { what: "both are shown" });
    const summaries = (await show("ben")).commands.map(({ summary }) => summary.slice(0, 20));
    expect(summaries).toEqual(["--all of it", "ä".repeat(20)]);
  });

  test("refuses 9 MB with 2, before anything is sent", async () => {
    await using _ = await startAgent("cleo");
    const run = await serve.run(["send", "task", "cleo", "-"], { input: "x".repeat(9 * 1024 * 1024) });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("over the limit of 8 MB\nhint: write it to a file");
    expect((await show("cleo")).commands).toEqual([]);
  });

  test("waits as far as it is told, and ends with 4 and how far it came", async () => {
    await using _ = await startAgent("dora");
    const stored = await serve.run(["send", "pause", "dora", "--wait", "stored", "--json"]);
    expect(stored.code).toBe(0);
    expect(receipts(stored).map(({ state }) => state)).toEqual(["stored"]);
    const run = await serve.run(["send", "pause", "dora", "--wait", "applied", "--timeout", "0.5"]);
    expect(run).toMatchObject({ code: 4 });
    expect(run.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}stored\n.* {2}delivered\n$/);
    expect(run.stderr).toContain("error: pause to dora is delivered, not applied, after 0.5 s");
  });

  test.each([
    ["applied", 0, undefined],
    ["failed", 1, { code: "failed", message: "kit could not carry out task: the disk is full" }],
    ["refused", 5, { code: "refused", message: "kit refused task: the disk is full" }],
  ] as const)(
    "under --wait applied, an agent that says %s makes it end with %d",
    async (outcome, code, error) => {
      await using kit = await startAgent("kit");
      await initialize(kit);
      const command_id = `by-${outcome}`;
      const flags = ["--id", command_id, "--wait", "applied", "--json"];
      const sending = serve.run(["send", "task", "kit", "tidy up", ...flags]);
      // The inbox may give it before the bridge has written down that it came: two writers keep no order.
      const isDelivered = async () =>
        (await show("kit")).commands
          .find((command) => command.command_id === command_id)
          ?.receipts.some(({ state }) => state === "delivered");
      await waitFor(isDelivered, { what: "the task is delivered" });
      const takeIn = async () =>
        (await callTool(kit, nextCall(), "check_inbox", {})).text.includes(command_id);
      await waitFor(takeIn, { what: "the task is in the inbox" });
      const note = "the disk is full";
      await callTool(kit, nextCall(), "acknowledge", { command_id, outcome, note });
      const run = await sending;
      expect(run.code).toBe(code);
      const states = receipts(run).map(({ state }) => state);
      expect(states.filter((state) => state !== "injected")).toEqual(["stored", "delivered", outcome]);
      if (error === undefined) expect(run.stderr).toBe("");
      else expect(JSON.parse(run.stderr)).toMatchObject({ error });
    },
  );

  test("the same --id twice takes effect once, and reports the first one's receipts", async () => {
    await using _ = await startAgent("eve");
    const send = () => serve.run(["send", "task", "eve", "once", "--id", "key-1", "--json"]);
    const first = await send();
    await waitFor(async () => (await show("eve")).commands[0]?.receipts.length === 2, {
      what: "it is in the store",
    });
    const second = await send();
    for (const run of [first, second]) {
      expect(run.code).toBe(0);
      expect(receipts(run).map(({ command_id, state }) => [command_id, state])).toEqual([
        ["key-1", "stored"],
        ["key-1", "delivered"],
      ]);
    }
    expect((await show("eve")).commands).toHaveLength(1);
  });

  test("an unknown agent is refused with the nearest names, and an id that is none by the rule", async () => {
    await using _ = await startAgent("Snake-1234");
    const unknown = await serve.run(["send", "stop", "Snake-1243"]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain('error: no agent "Snake-1243"\nhint: did you mean Snake-1234');
    expect(await serve.run(["send", "stop", "agent.*"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"agent.*" is not an agent id'),
    });
  });

  test("stop ends the bridge, and --all names its targets first and reaches each that is online", async () => {
    await using fred = await startAgent("fred");
    await using gina = await startAgent("gina");
    expect(await serve.run(["send", "stop", "fred"])).toMatchObject({ code: 0 });
    expect(await fred.exit()).toMatchObject({ code: 0 });
    await waitFor(async () => (await show("fred")).status === "stopped", { what: "fred has said goodbye" });

    const all = await serve.run(["send", "stop", "--all", "--json"]);
    expect(all.code).toBe(0);
    expect(all.stderr).toMatch(/^stop to .*gina/);
    expect(all.stderr).toMatch(/^not to .*\bfred\b.*: not online$/m);
    expect(
      receipts(all)
        .filter(({ agent_id }) => agent_id === "gina")
        .map(({ state }) => state),
    ).toEqual(["stored", "delivered"]);
    expect(await gina.exit()).toMatchObject({ code: 0 });
    await waitFor(async () => (await serve.run(["send", "stop", "--all", "--timeout", "0.3"])).code === 2, {
      what: "none is left",
    });
  });
});

test("a stop of an agent without a host is applied by the end of its bridge", async () => {
  await using hal = await startAgent("hal");
  const stopped = await serve.run(["send", "stop", "hal", ...untilApplied]);
  expect(stopped).toMatchObject({ code: 0, stderr: "" });
  expect(stopped.stdout).toMatch(/ applied +its bridge has ended; without a host, nobody ends its CLI$/m);
  expect(await hal.exit()).toMatchObject({ code: 0 });
});

test("a task for one that is away is answered at once, and given to its next run", async () => {
  {
    await using jo = await startAgent("jo");
    jo.endInput();
    expect(await jo.exit()).toMatchObject({ code: 0 });
  }
  await waitFor(async () => (await show("jo")).status === "disconnected", { what: "jo has gone" });
  const startedAt = performance.now();
  const task = await serve.run(["send", "task", "jo", "dig", "--id", "k", "--timeout", "60"]);
  expect(task.code).toBe(4);
  expect(task.stderr).toBe(
    "error: task to jo is stored, not delivered: jo is disconnected\nhint: the agent gets it when it runs again: start its own program again, such as the MCP client that runs cliai bridge\n",
  );
  const stored = await serve.run(["send", "task", "jo", "fill", "--id", "k2", "--wait", "stored"]);
  expect(performance.now() - startedAt).toBeLessThan(60_000);
  expect(stored).toMatchObject({
    code: 0,
    stderr:
      "jo is disconnected; the agent gets it when it runs again: start its own program again, such as the MCP client that runs cliai bridge\n",
  });
  const listed = await serve.run(["ls", "jo"]);
  const ownWay = "start its own program again, such as the MCP client that runs cliai bridge";
  expect(listed).toMatchObject({ code: 0, stderr: `not launched by cliai: jo; ${ownWay}\n` });
  expect((await serve.run(["show", "jo"])).stdout).toMatch(new RegExp(`^ +go on +${ownWay}$`, "m"));
  await using _ = await startAgent("jo");
  const isDelivered = async () =>
    (await show("jo")).commands.every(({ receipts }) => receipts.some(({ state }) => state === "delivered"));
  await waitFor(isDelivered, { what: "both are delivered" });
});

describe("a stop belongs to a run", () => {
  test("for an agent that was stopped it is refused, and the next run under its id goes on", async () => {
    const ida = await startAgent("ida");
    expect(await serve.run(["send", "stop", "ida"])).toMatchObject({ code: 0 });
    expect(await ida.exit()).toMatchObject({ code: 0 });
    await waitFor(async () => (await show("ida")).status === "stopped", { what: "ida has said goodbye" });
    for (const type of ["stop", "pause", "resume"]) {
      const refused = await serve.run(["send", type, "ida"]);
      expect(refused.code).toBe(5);
      expect(refused.stderr).toMatch(/^error: ida has not run since 20\S+Z \(said goodbye \(stopped\)\)/m);
      expect(refused.stderr).toMatch(/^hint: start its own program again, such as/m);
    }
    const task = await serve.run(["send", "task", "ida", "dig"]);
    expect(task.code).toBe(5);
    expect(task.stderr).toMatch(/^error: ida was stopped at .*: it takes no work$/m);

    await using next = await startAgent("ida");
    expect(await serve.run(["send", "task", "ida", "dig", "--id", "k"])).toMatchObject({ code: 0 });
    const same = await serve.run(["send", "task", "ida", "fill", "--id", "k", "--json"]);
    expect(same.code).toBe(5);
    expect(JSON.parse(same.stderr)).toMatchObject({
      error: { code: "stored_before", message: 'task "k" to ida was stored before, with another text' },
    });
    expect((await show("ida")).axes.control.value).toBe("running");
    expect(await serve.run(["send", "stop", "ida"])).toMatchObject({ code: 0 });
    expect(await next.exit()).toMatchObject({ code: 0 });
  });
});

describe("cliai ls, show and watch", () => {
  test("ls shows the fleet as a table and as JSON, and show the evidence", async () => {
    await using _ = await startAgent("hugo");
    const table = await serve.run(["ls"]);
    expect(table.stdout).toMatch(/^agent +status +last +queue +cli +profile +task\n/);
    expect(table.stdout).toMatch(/\nhugo +◌ starting|\nhugo +○ connected/);
    expect(table.stdout).not.toContain("\u001b");
    const agents = JSON.parse((await serve.run(["ls", "--json"])).stdout) as ShownAgent[];
    expect(agents.find(({ agent_id }) => agent_id === "hugo")).toMatchObject({
      axes: { link: { value: "online" } },
      config_name: "demo",
    });
    expect((await serve.run(["show", "hugo"])).stdout).toMatch(/\n {2}link +online +heartbeat in time/);
  });

  test("watch prints what happens as it happens, and ends when it is interrupted", async () => {
    await using _ = await startAgent("ines");
    await using watch = await startCliai(["watch", "--json", "--data-dir", serve.dataDir]);
    await watch.line("watching", { from: "stderr" });
    await serve.run(["send", "task", "ines", "look"]);
    const line = JSON.parse(await watch.line(/"subject":"agent\.ines\.receipt"/));
    expect(line).toMatchObject({ subject: "agent.ines.receipt", message: { state: "delivered" } });
    watch.kill("SIGINT");
    expect(await watch.exit()).toMatchObject({ code: 130, stderr: expect.stringContaining("interrupted") });
  });

  test("watch prints only one agent's events, or only what went wrong, the names below each other", async () => {
    await using kai = await startAgent("kai");
    await using lea = await startAgent("lea-with-a-long-name");
    await initialize(kai);
    await initialize(lea);
    const watchWith = async (...flags: string[]) => {
      const watch = await startCliai(["watch", ...flags, "--data-dir", serve.dataDir]);
      await watch.line("watching", { from: "stderr" });
      return watch;
    };
    await using ofKai = await watchWith("--agent", "kai", "--kind", "progress");
    await using failed = await watchWith("--failed");
    await callTool(lea, nextCall(), "report_progress", { note: "of lea" });
    await callTool(kai, nextCall(), "report_progress", { note: "of kai" });
    expect(await ofKai.line("of ")).toMatch(/^\S+ {2}kai +event +progress · of kai$/);
    await callTool(kai, nextCall(), "report_status", { status: "error", message: "broken" });
    expect(await failed.line("kai")).toMatch(/^\S+ {2}kai {19}status +error · broken$/);
    expect(failed.stdout).not.toContain("progress");

    await using unknown = await startCliai(["watch", "--agent", "kia", "--data-dir", serve.dataDir]);
    await unknown.line(/^no agent "kia" yet; did you mean/, { from: "stderr" });
  });

  test("ls --watch prints the fleet again when it changes; as JSON, each time on one line", async () => {
    await using mia = await startAgent("mia");
    await initialize(mia);
    const follow = (...flags: string[]) =>
      startCliai(["ls", "mia", "--watch", ...flags, "--data-dir", serve.dataDir]);
    await using list = await follow();
    await using json = await follow("--json");
    await list.line(/^mia +○ connected/);
    expect(JSON.parse(await json.line(/^\[/))).toMatchObject([{ agent_id: "mia", status: "connected" }]);
    await callTool(mia, nextCall(), "report_status", { status: "working", current_task: "digging" });
    await list.line(/^mia +● working .*digging$/);
    expect(JSON.parse(await json.line(/digging/))).toMatchObject([{ agent_id: "mia", status: "working" }]);
    list.kill("SIGINT");
    expect(await list.exit()).toMatchObject({ code: 130 });
    const both = await serve.run(["ls", "--watch", "-q"]);
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("contradict each other") });
  });

  test("a reader that has enough (| head) ends watch quietly", async () => {
    await using _ = await startAgent("jack");
    const [command, ...args] = cliaiCommand();
    const watch = spawn(command, [...args, "watch", "--json", "--data-dir", serve.dataDir], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    using stack = new DisposableStack();
    stack.defer(() => void watch.kill("SIGKILL"));
    let stderr = "";
    watch.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise<number | null>((resolve) => watch.once("exit", resolve));
    await waitFor(() => stderr.includes("watching"), { what: "watch is ready" });
    watch.stdout.destroy();
    await serve.run(["send", "task", "jack", "one"]);
    await serve.run(["send", "task", "jack", "two"]);
    expect(await ended).toBe(0);
    expect(stderr).toBe("watching; Ctrl-C ends it\n");
  });
});
