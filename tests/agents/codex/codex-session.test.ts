// The live session against the real Codex, offline.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { tempDir } from "../../support/temp-dir.ts";
import { stays, until, waitFor } from "../../support/wait-for.ts";
import { tinyMcpServer } from "../opened-cli.ts";
import { type OpenedSession, openSession } from "./opened-session.ts";

const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
const shell = (cmd: string, more: object = {}) =>
  call("exec_command", { cmd, yield_time_ms: 30_000, ...more });
const kinds = ({ told }: OpenedSession) => told.hooks.map(({ facts }) => facts.kind);
/** Resolves once the command has written its own process's id into the file `pid`. */
async function pidOf({ work }: OpenedSession): Promise<number> {
  const read = () => (existsSync(`${work}/pid`) ? readFileSync(`${work}/pid`, "utf8").trim() : "");
  return Number(await waitFor(read, { what: "the command runs" }));
}
const isRunning = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
const late = 240_000;

describe("openCodexSession()", () => {
  test(
    "a task begins a turn: the model is given it, calls a tool, and its result and figures are told",
    async () => {
      await using opened = await openSession({
        script: { turns: [shell("echo from-the-shell"), { text: "All done." }] },
      });
      const { session, told, model } = opened;
      expect(told.session).toMatch(/^[0-9a-f-]{36}$/);
      expect(await session.say("Do it.", "order-1")).toBe("started");
      const result = await opened.result(1);
      expect(result).toEqual({ isError: false, wasAsked: true, text: "All done.", said: "All done." });
      const [taken, answer] = told.signs;
      expect([taken, answer]).toEqual([{ type: "taken", text: "Do it.", id: "order-1" }, { type: "answer" }]);
      expect(kinds(opened)).toEqual(["prompt", "tool_start", "turn_end"]);
      expect(told.observed).toMatchObject([
        {
          facts: { kind: "tool_end", tool: "Bash", detail: "echo from-the-shell" },
          tool: { isOwn: false },
          isSubagent: false,
        },
      ]);
      expect(told.observed[0]?.facts.tool_use_id).toBe(told.hooks[1]?.facts.tool_use_id ?? "");
      expect(told.words).toEqual(["All done."]);
      const usage = { tokens: 1050, context_tokens: 1000, model: "scripted", isConversation: true };
      expect(told.usage).toMatchObject([usage, usage]);
      expect(told.usage.map(({ cost }) => cost)).toEqual([undefined, undefined]);
      expect(JSON.stringify(model.requests[0]?.body.input)).toContain("You are ada.");
    },
    late,
  );

  test(
    "a text for a turn that runs joins it, and is taken only when the model is given it",
    async () => {
      await using opened = await openSession({
        script: {
          rules: [
            { match: "first", once: true, turn: shell("echo $$ > pid; until [ -e go ]; do sleep 0.1; done") },
          ],
        },
      });
      const { session, told, model, work } = opened;
      await session.say("first", "order-1");
      await pidOf(opened);
      expect(await session.say("second", "order-2")).toBe("steered");
      const isTaken = () => told.signs.some((sign) => sign.type === "taken" && sign.id === "order-2");
      await stays(() => !isTaken(), {
        what: "it is not taken",
        because: "Codex has accepted it already",
        forMs: 500,
      });
      await Bun.write(`${work}/go`, "");
      await opened.result(1);
      expect(isTaken()).toBe(true);
      expect(told.results).toHaveLength(1);
      expect(model.requests).toHaveLength(2);
      expect(model.requests[1]?.newText).toContain("second");
    },
    late,
  );

  test(
    "an interrupt ends the turn and its command; what is said after it begins another turn",
    async () => {
      await using opened = await openSession({
        script: { rules: [{ match: "first", once: true, turn: shell("echo $$ > pid; sleep 600") }] },
      });
      const { session } = opened;
      await session.say("first");
      const pid = await pidOf(opened);
      await until("the turn is over", () => session.interrupt());
      expect(await opened.result(1)).toMatchObject({
        isError: true,
        wasAsked: true,
        text: "its turn was interrupted",
      });
      await waitFor(() => !isRunning(pid), { what: "the command has ended" });
      expect(await session.say("again")).toBe("started");
      expect(await opened.result(2)).toMatchObject({ isError: false, text: "OK." });
    },
    late,
  );

  test(
    "a session is resumed by its own id; one that Codex does not know is named",
    async () => {
      await using first = await openSession({ script: { turns: [{ text: "One." }] } });
      await first.session.say("remember 42");
      await first.result(1);
      first.server.kill("SIGTERM");
      await first.server.exited;
      const resumed = (sessionId: string) =>
        openSession({ dir: first.dir, launch: { sessionId, isResumed: true } });
      {
        await using second = await resumed(first.told.session);
        expect(second.told.session).toBe(first.told.session);
        await second.session.say("what was it?", "order-1");
        expect(await second.result(1)).toMatchObject({ text: "OK.", said: "OK." });
        expect(second.told.words).toEqual(["OK."]); // and not those of the first run
        expect(second.told.usage).toHaveLength(1);
        const asked = JSON.stringify(second.model.requests[0]?.body.input);
        expect(asked).toContain("remember 42");
        expect(asked.split("You are ada.")).toHaveLength(2); // once
        expect(second.told.signs).toContainEqual({ type: "taken", text: "what was it?", id: "order-1" });
      }
      const unknown = "01a22316-58d3-71a1-bdc3-70bbcf70f9bb";
      await expect(resumed(unknown)).rejects.toThrow(`does not know the session "${unknown}"`);
    },
    late,
  );

  test(
    "no secret stands in an argument, or in the environment of its commands; a folder may have any name",
    async () => {
      await using opened = await openSession({
        folder: "a folder – mit Ümlaut",
        script: {
          turns: [
            shell("pwd; env; cat /proc/$PPID/cmdline | tr '\\0' ' '"),
            { toolUses: [{ name: "report_status", namespace: "mcp__cliai" }] },
            { text: "ok" },
          ],
        },
      });
      const { session, model, work } = opened;
      await session.say("look");
      await opened.result(1);
      const [, { newText: seen = "" } = {}, { newText: server = "" } = {}] = model.requests;
      expect(seen).toContain(work);
      expect(seen).toContain("app-server -c hooks.PreToolUse");
      expect(server).toContain("the secret of the bridge"); // it is for this server
      for (const secret of ["the secret of the bridge", "the-token"]) expect(seen).not.toContain(secret);
    },
    late,
  );

  test(
    "a turn whose end is refused goes on with the words of the refusal",
    async () => {
      await using opened = await openSession({
        answer: ({ facts, isHeldBack }) =>
          facts.kind === "turn_end" && isHeldBack !== true
            ? { type: "hold_back", reason: "Not yet: test it." }
            : { type: "go" },
        script: { turns: [{ text: "Done." }, { text: "Tested." }] },
      });
      await opened.session.say("work");
      expect(await opened.result(1)).toMatchObject({ text: "Tested.", isError: false });
      expect(opened.told.results).toHaveLength(1);
      expect(opened.model.requests[1]?.newText).toContain("Not yet: test it.");
    },
    late,
  );

  test.each([
    ["authentication", { error: { status: 401, code: "invalid_api_key", message: "No such key" } }],
    ["usage_limit", { error: { status: 429, code: "rate_limit_exceeded", message: "Slow down" } }],
    ["context", { failure: { code: "context_length_exceeded", message: "Too long" } }],
  ] as const)(
    "a turn that fails is told as %s: %j",
    async (word, turn) => {
      await using opened = await openSession({ script: { fallback: turn } });
      const { session, told } = opened;
      await session.say("work", "order-1");
      const result = await opened.result(1);
      expect(result).toMatchObject({ isError: true, wasAsked: false, error: word });
      // It was in the conversation, but the model has never answered.
      expect(told.signs.map(({ type }) => type)).not.toContain("answer");
    },
    late,
  );

  test(
    "a command that a turn leaves running is told as its background, until it ends",
    async () => {
      await using opened = await openSession({
        script: {
          turns: [shell("until [ -e go ]; do sleep 0.1; done", { yield_time_ms: 300 }), { text: "It runs." }],
        },
      });
      const { session, told, work } = opened;
      await session.say("start it");
      await opened.result(1);
      const tasks = () => told.signs.filter((sign) => sign.type === "background");
      expect(tasks()).toMatchObject([{ tasks: [{ type: "shell" }] }]);
      await Bun.write(`${work}/go`, "");
      await waitFor(() => tasks().length === 2, { what: "its end is told" });
      expect(tasks()[1]).toEqual({ type: "background", tasks: [] });
    },
    late,
  );

  test(
    "in code mode, a text that joins the turn makes it end while its command runs, which is told as its background until it ends",
    async () => {
      const command = "touch started; until [ -e go ]; do sleep 0.1; done; touch ended";
      const input = `text(await tools.exec_command({cmd: ${JSON.stringify(command)}, yield_time_ms: 60000}));`;
      await using opened = await openSession({
        launch: { model: "gpt-6.2-sol" },
        script: { turns: [{ toolUses: [{ name: "exec", input }] }, { text: "It runs." }] },
      });
      const { session, told, work, model } = opened;
      await session.say("start it");
      await until("the command runs", () => existsSync(`${work}/started`));
      expect(await session.say("how is it?")).toBe("steered");
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "It runs." });
      expect(model.requests.at(-1)?.newText).toContain("how is it?");
      expect(existsSync(`${work}/ended`)).toBe(false);
      const tasks = () => told.signs.filter((sign) => sign.type === "background");
      await until("what runs on is told", () => tasks().length === 1);
      expect(tasks()).toMatchObject([{ tasks: [{ type: "shell" }] }]);
      await Bun.write(`${work}/go`, "");
      await until("its end is told", () => tasks().length === 2);
      expect(tasks()[1]).toEqual({ type: "background", tasks: [] });
      expect(existsSync(`${work}/ended`)).toBe(true);
    },
    late,
  );

  test("a session without cliai's MCP server does not open, and says why", async () => {
    const opening = openSession({
      launch: { mcpServer: { command: "/no/such/program", args: [], env: {} } },
    });
    await expect(opening).rejects.toThrow(/codex cannot open its session: .*cliai/);
  });

  test(
    "where the user's settings turn hooks off, its app-server tells that a tool starts, and no tool is held",
    async () => {
      await using opened = await openSession({
        launch: { passedOn: ["--disable", "hooks"] },
        script: { turns: [shell("touch a"), { text: "ok" }] },
      });
      await opened.session.say("work");
      await opened.result(1);
      expect(opened.told.observed).toMatchObject([
        { facts: { kind: "tool_start", tool: "Bash", detail: "touch a" } },
        { facts: { kind: "tool_end" } },
      ]);
      expect(kinds(opened)).toEqual(["prompt", "turn_end"]);
      expect(opened.session.carriesHooks).toBe(false);
    },
    late,
  );

  test(
    "an MCP server of cliai that has crashed is started again, once a call has shown it",
    async () => {
      await using dir = await tempDir();
      const pids = dir.join("pids");
      const report = { toolUses: [{ name: "report_status", namespace: "mcp__cliai" }] };
      await using opened = await openSession({
        dir,
        launch: { mcpServer: { ...tinyMcpServer(dir), env: { TINY_PIDS: pids } } },
        script: { turns: [report, { text: "one" }, report, { text: "two" }] },
      });
      const { session, model } = opened;
      const started = () => readFileSync(pids, "utf8").trim().split("\n").map(Number);
      process.kill(started()[0] ?? 0, "SIGKILL");
      await session.say("report");
      await opened.result(1);
      expect(model.requests[1]?.newText).toContain("Transport closed");
      await waitFor(() => started().length === 2, { what: "it is started again" });
      await session.say("report again");
      await opened.result(2);
      expect(model.requests[3]?.newText).toContain("TINY_PIDS");
    },
    late,
  );
});
