// What people type before they know the commands, against a real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { waitFor } from "../support/wait-for.ts";

let serve: RunningServe;
beforeAll(async () => {
  serve = await startServe();
});
afterAll(() => serve[Symbol.asyncDispose]());

const run = (...args: string[]) => runCliai([...args, "--data-dir", serve.dataDir]);
const orders = async (id: string) =>
  (await fetchAgent(serve, id)).commands.map(({ type, summary }) => `${type} ${summary}`.trim());

describe("words of other programs", () => {
  test("run the command that they mean", async () => {
    await using ada = await startBridge(serve, "ada");
    expect((await run("ps")).stdout).toContain("ada");
    expect(JSON.parse((await run("list", "--json")).stdout)).toMatchObject([{ agent_id: "ada" }]);
    expect((await runCliai(["list", "--help"])).stdout).toStartWith("usage: cliai ls");
    expect((await run("tell", "ada", "tidy up")).code).toBe(0);
    expect((await run("logs", "ada")).stdout).toContain("tidy up");
    await initialize(ada);
    const asking = callTool(ada, 1, "request_stop_approval", {
      reason: "r",
      context: "c",
      work_completed: "w",
    });
    const [request] = await waitFor(
      async () => {
        const open = JSON.parse((await run("inbox", "--json")).stdout);
        return open.length > 0 && open;
      },
      { what: "the request" },
    );
    expect((await run("approve", request.request_id)).stdout).toStartWith(
      "answered ada: its stop is approved",
    );
    await asking;
    expect((await run("stop", "ada", "--reason", "enough")).code).toBe(0);
    await ada.exit();
    await waitFor(async () => (await orders("ada")).length >= 2, { what: "both orders" });
    expect(await orders("ada")).toContain("stop enough");
  });

  test.each([
    ["kill", "cliai send stop AGENT ends an agent in order"],
    ["dashboard", "cliai token url prints"],
    ["start", "cliai spawn PROFILE starts an agent"],
    ["config", "cliai profiles --where lists the agents' profiles"],
    ["lss", "did you mean ls"],
  ])("%s is refused with the line that does it", async (word, hint) => {
    const { code, stdout, stderr } = await runCliai([word, "x"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      `error: unknown command "${word}"`,
      expect.stringContaining(hint),
      "",
    ]);
  });
});

test.each([
  ["approve", "cliai approve REQUEST ("],
  ["refuse", "cliai refuse ada --reason "],
  ["reply", 'cliai answer ada "'],
])("%s without a request is answered with a line of that word", async (word, hint) => {
  const { code, stdout, stderr } = await runCliai([word, "--json"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(JSON.parse(stderr).error).toMatchObject({
    message: expect.stringMatching(/needs REQUEST$/),
    hint: expect.stringContaining(hint),
  });
  expect((await runCliai([word, "--help"])).stdout).toStartWith("usage: cliai answer");
});

describe("cliai send", () => {
  test("takes an agent and a text for a task, and an unknown word for a command that there is not", async () => {
    await using _ = await startBridge(serve, "bea");
    expect((await run("send", "bea", "tidy up")).code).toBe(0);
    await waitFor(async () => (await orders("bea")).join() === "task tidy up", { what: "the task" });
    const nobody = await run("send", "beatrix", "tidy up");
    expect(nobody.stderr).toContain('error: COMMAND "beatrix" is not one of stop, pause, resume, task\n');
    const unknown = await run("send", "stpo", "bea");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain(
      'error: COMMAND "stpo" is not one of stop, pause, resume, task\nhint: did you mean stop',
    );
  });

  test("a word behind the agents that is none of them may be the reason: the hint is the line that gives it", async () => {
    await using _a = await startBridge(serve, "ada");
    await using _b = await startBridge(serve, "ben");
    const hintTo = async (...words: string[]) => {
      const { code, stdout, stderr } = await run("send", ...words);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      return stderr.trimEnd().split("\n");
    };
    expect(await hintTo("stop", "ada", "enough")).toEqual([
      'error: no agent "enough"',
      'hint: if it is the reason: cliai send stop ada --reason "enough"',
    ]);
    expect(await hintTo("pause", "ada", "ben", "over", "lunch")).toEqual([
      'error: no agent "over"',
      'hint: if it is the reason: cliai send pause ada ben --reason "over lunch"',
    ]);
    expect(await hintTo("stop", "ada", "enough, now")).toEqual([
      'error: stop takes no text: "enough, now"',
      'hint: give it as the reason: cliai send stop ada --reason "enough, now"',
    ]);
    expect(await hintTo("stop", "all", "enough")).toEqual([
      'error: stop takes no text: "enough"',
      'hint: give it as the reason: cliai send stop all --reason "enough"',
    ]);
    expect((await hintTo("stop", "ada", "$(x)"))[1]).toEndWith('cliai send stop ada --reason "…"');
    const [error, hint] = await hintTo("stop", "ada", "bne");
    expect(error).toBe('error: no agent "bne"');
    expect(hint).toMatch(/^hint: did you mean .*ben.*\?$/);
    expect(await orders("ada")).not.toContainEqual(expect.stringMatching(/^(stop|pause)$/));
  });

  test("stop all means every agent that is online", async () => {
    await using cy = await startBridge(serve, "cy");
    await using dan = await startBridge(serve, "dan");
    const { code, stderr } = await run("send", "stop", "all");
    expect(code).toBe(0);
    expect(stderr).toContain("stop to cy, dan");
    expect([(await cy.exit()).code, (await dan.exit()).code]).toEqual([0, 0]);
  });
});

test("agents rm removes several at once, and none where one of them is not there", async () => {
  for (const id of ["eve", "fay"]) await (await startBridge(serve, id))[Symbol.asyncDispose]();
  const gone = async (id: string) => (await fetchAgent(serve, id)).axes.link.value === "offline";
  for (const id of ["eve", "fay"]) await waitFor(() => gone(id), { what: `${id} is gone` });
  const refused = await run("agents", "rm", "eve", "nobody");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(await run("agents", "rm", "eve", "fay")).toMatchObject({
    code: 0,
    stdout: "eve: removed\nfay: removed\n",
  });
  expect((await run("ls")).stdout).not.toMatch(/eve|fay/);
});

test("audit --since takes yesterday and today", async () => {
  await using _ = await startBridge(serve, "gus");
  expect((await run("tell", "gus", "tidy up")).code).toBe(0);
  const all = (await run("audit", "--agent", "gus", "--since", "yesterday")).stdout;
  expect(all).toContain("gus");
  expect((await run("audit", "--since", "last week")).stderr).toContain(
    '--since "last week" is neither a time',
  );
});
