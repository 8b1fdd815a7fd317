// The live session against the real OpenCode, offline.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { createOpencodeClient } from "../../../src/agents/opencode/opencode-client.ts";
import { serverPassword } from "../../../src/agents/opencode/opencode-launch.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { stays, until, waitFor } from "../../support/wait-for.ts";
import { type OpenedSession, openSession } from "./opened-session.ts";

const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
const bash = (command: string) => call("bash", { command, description: "d" });
const kinds = ({ told }: OpenedSession) => told.hooks.map(({ facts }) => facts.kind);
/** Resolves once the command has written its own process's id into the file `pid`. */
async function pidOf({ work }: OpenedSession): Promise<number> {
  const read = () => (existsSync(`${work}/pid`) ? readFileSync(`${work}/pid`, "utf8").trim() : "");
  return Number(await waitFor(read, { what: "the command runs" }));
}
const isRunning = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
const late = 240_000;
const tinyServerPath = join(import.meta.dirname, "../../support/tiny-mcp-server.ts");
/** Puts a proxy between the session and OpenCode, by changing the address that OpenCode prints. */
function throughProxy(proxy: { readonly port: number }, onPort: (own: number) => void) {
  const transform = (part: unknown, _: unknown, done: (error: null, line: string) => void) =>
    done(
      null,
      String(part).replace(/(http:\/\/127\.0\.0\.1:)(\d+)/, (_all, before, own) => {
        onPort(Number(own));
        return `${before}${proxy.port}`;
      }),
    );
  return (stdout: Readable) => stdout.pipe(new Transform({ transform }));
}

describe("openOpencodeSession()", () => {
  test(
    "a task begins a turn: the model is given it, calls a tool, and its result and figures are told",
    async () => {
      await using opened = await openSession({
        script: { turns: [bash("echo from-the-shell"), { text: "All done." }] },
      });
      const { session, told, model } = opened;
      expect(told.session).toStartWith("ses_");
      expect(session.carriesHooks).toBe(true);
      expect(await session.say("Do it.", "order-1")).toBe("started");
      const result = await opened.result(1);
      expect(result).toEqual({ isError: false, wasAsked: true, text: "All done.", said: "All done." });
      expect(told.signs).toContainEqual({ type: "taken", text: "Do it.", id: "order-1" });
      expect(kinds(opened)).toEqual(["prompt", "tool_start", "turn_end"]);
      expect(told.observed).toMatchObject([
        { facts: { kind: "tool_end", tool: "bash", detail: "echo from-the-shell" }, isSubagent: false },
      ]);
      expect(told.words).toEqual(["All done."]);
      const usage = { tokens: 1050, context_tokens: 1000, context_window: 100_000, model: "model-1" };
      expect(told.usage).toMatchObject([usage, usage]);
      expect(told.usage[0]?.cost).toBeCloseTo(0.00083, 6);
      expect(model.requests).toHaveLength(2); // none for a title
      expect(JSON.stringify(model.requests[0]?.body.messages[0])).toContain("You are ada.");
    },
    late,
  );

  test(
    "a text for a turn that runs joins it, and is taken only when the model has begun the step that contains it",
    async () => {
      await using opened = await openSession({
        script: {
          rules: [
            { match: "first", once: true, turn: bash("echo $$ > pid; until [ -e go ]; do sleep 0.1; done") },
          ],
        },
      });
      const { session, told, model, work } = opened;
      await session.say("first", "order-1");
      await pidOf(opened);
      expect(await session.say("second", "order-2")).toBe("steered");
      const isTaken = () => told.signs.some((sign) => sign.type === "taken" && sign.id === "order-2");
      await waitFor(() => told.hooks.some(({ prompt }) => prompt === "second"), {
        what: "it is in the record",
      });
      await stays(() => !isTaken(), {
        what: "it is not taken",
        because: "OpenCode has it in its record already",
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
        script: { rules: [{ match: "first", once: true, turn: bash("echo $$ > pid; sleep 600") }] },
      });
      const { session, told } = opened;
      await session.say("first");
      const pid = await pidOf(opened);
      await until("the turn is over", () => session.interrupt());
      expect(await opened.result(1)).toMatchObject({
        isError: true,
        wasAsked: true,
        text: "its turn was interrupted",
      });
      await waitFor(() => !isRunning(pid), { what: "the command has ended" });
      expect(told.observed).toMatchObject([{ facts: { kind: "tool_failed" } }]);
      expect(await session.say("again")).toBe("started");
      expect(await opened.result(2)).toMatchObject({ isError: false, text: "OK." });
    },
    late,
  );

  test(
    "a session is resumed by its own id; one that OpenCode does not know is named",
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
        expect(JSON.stringify(second.model.requests[0]?.body.messages)).toContain("remember 42");
        expect(second.told.signs).toContainEqual({ type: "taken", text: "what was it?", id: "order-1" });
      }
      await expect(resumed("ses_none")).rejects.toMatchObject({
        ...{ code: "session_gone", message: expect.stringContaining('does not know the session "ses_none"') },
      });
    },
    late,
  );

  test(
    "neither its commands nor any MCP server, formatter or language server of its user get a secret by their environment; a folder may have any name",
    async () => {
      await using dir = await tempDir();
      const envOf = (program: string) => dir.join(`env-${program}`);
      const writesEnv = (program: string) => ["sh", "-c", 'env > "$0"', envOf(program)];
      const folder = "a folder – mit Ümlaut";
      const fileOf = (name: string) => dir.join(folder, name);
      const script = 'env > "$OWN_ENV"; exec "$0" "$1"';
      const own = { command: ["sh", "-c", script, process.execPath, tinyServerPath], type: "local" };
      const user = {
        mcp: { own: { ...own, environment: { OWN_ENV: envOf("server") } } },
        formatter: { own: { command: writesEnv("formatter"), extensions: [".mine"] } },
        lsp: { own: { command: writesEnv("language-server"), extensions: [".words"] } },
      };
      const bin = dir.join("home", "bin");
      for (const path of [bin, dir.join(folder)]) mkdirSync(path, { recursive: true });
      // OpenCode brings along a formatter that runs this program, if it is there.
      const dfmt = `#!/bin/sh\nenv > "${envOf("dfmt")}"\n`;
      writeFileSync(join(bin, "dfmt"), dfmt, { mode: 0o700 });
      writeFileSync(fileOf("a.words"), "words");
      const write = (name: string) => call("write", { filePath: fileOf(name), content: "x" });
      await using opened = await openSession({
        ...{ dir, folder, config: user },
        script: {
          turns: [
            ...[bash("pwd; env"), call("cliai_report_status", {})],
            ...[write("a.mine"), write("a.d"), call("read", { filePath: fileOf("a.words") })],
            { text: "ok" },
          ],
        },
      });
      const { session, model, work } = opened;
      await session.say("look");
      await opened.result(1);
      const [, { newText: shell = "" } = {}, { newText: server = "" } = {}] = model.requests;
      expect(shell).toContain(work);
      expect(shell).toMatch(/^OPENCODE_SERVER_PASSWORD=$/m);
      const { TINY_SECRET, ...environment } = JSON.parse(server);
      expect(TINY_SECRET).toBe("the secret of the bridge"); // it is for this server
      expect(environment.OPENCODE_SERVER_PASSWORD).toBe("");
      // What OpenCode starts for its user is none of cliai's.
      const started = ["server", "formatter", "dfmt", "language-server"].map(envOf);
      await waitFor(() => started.every((path) => existsSync(path)), { what: "all are started" });
      const others = started.map((path) => readFileSync(path, "utf8")).join("\n");
      expect(others.match(/^OPENCODE_SERVER_PASSWORD=$/gm)).toHaveLength(started.length);
      const all = shell + JSON.stringify(environment) + others;
      const secrets = ["the secret of the bridge", "the-token", serverPassword("the-token")];
      for (const secret of secrets) expect(all).not.toContain(secret);
      const config = JSON.parse(environment.OPENCODE_CONFIG_CONTENT);
      expect(config.mcp.cliai.environment.TINY_SECRET).toStartWith("{file:");
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

  test(
    "a subagent's tools and permissions are the subagent's; the turn ends when the session itself has answered",
    async () => {
      const input = { description: "look", prompt: "inner work", subagent_type: "general" };
      await using opened = await openSession({
        config: { permission: { bash: "ask" } },
        script: {
          rules: [
            { match: "delegate", once: true, turn: call("task", input) },
            { match: "inner work", once: true, turn: bash("echo inner") },
          ],
          fallback: { text: "Done." },
        },
        answer: ({ facts }) => (facts.kind === "permission" ? { type: "permit" } : { type: "go" }),
      });
      await opened.session.say("delegate");
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "Done." });
      const subagent = expect.stringMatching(/^ses_/);
      const { hooks, observed, words, usage, results } = opened.told;
      expect(hooks).toMatchObject([
        { facts: { kind: "prompt" } },
        { facts: { kind: "tool_start", tool: "task" }, isSubagent: false },
        { facts: { kind: "tool_start", tool: "bash", subagent }, isSubagent: true },
        { facts: { kind: "permission", tool: "bash", detail: "echo inner", subagent }, isSubagent: true },
        { facts: { kind: "turn_end" } },
      ]);
      expect(observed).toMatchObject([
        { facts: { kind: "subagent_start", subagent }, isSubagent: true },
        { facts: { kind: "tool_end", tool: "bash", subagent }, isSubagent: true },
        { facts: { kind: "subagent_end", subagent }, isSubagent: true },
        { facts: { kind: "tool_end", tool: "task" }, isSubagent: false },
      ]);
      expect([words, results.length]).toEqual([["Done."], 1]); // and not the subagent's
      expect(usage.map(({ isConversation }) => isConversation)).toEqual([false, false, true, true]);
    },
    late,
  );

  test(
    "what happens while the connection to OpenCode is lost is told once it is back, and nothing twice",
    async () => {
      let port = 0;
      await using proxy = await startTcpProxy(() => port);
      await using opened = await openSession({
        script: {
          rules: [
            { match: "first", once: true, turn: bash("echo $$ > pid; until [ -e go ]; do sleep 0.1; done") },
          ],
          fallback: { text: "Done." },
        },
        output: throughProxy(proxy, (own) => {
          port = own;
        }),
      });
      const { session, told, model, work } = opened;
      await session.say("first", "order-1");
      await pidOf(opened);
      proxy.cut();
      await Bun.write(`${work}/go`, "");
      await waitFor(() => model.requests.length === 2, { what: "the turn goes on" });
      await stays(() => told.results.length === 0, {
        ...{ what: "no result is told", because: "the connection is lost", forMs: 1_000 },
      });
      await expect(session.say("lost")).rejects.toThrow("opencode: POST ");
      proxy.mend();
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "Done." });
      expect(kinds(opened)).toEqual(["prompt", "tool_start", "turn_end"]);
      expect(told.observed.map(({ facts }) => facts.kind)).toEqual(["tool_end"]);
      expect([told.words, told.usage.length]).toEqual([["Done."], 2]);
      expect(await session.say("second", "order-2")).toBe("started");
      await opened.result(2);
      expect(told.signs).toContainEqual({ type: "taken", text: "second", id: "order-2" });
    },
    late,
  );

  test(
    "a permission that was answered while the connection to OpenCode was lost is withdrawn once it is back",
    async () => {
      let port = 0;
      await using proxy = await startTcpProxy(() => port);
      const asked: (AbortSignal | undefined)[] = [];
      /** When the next permission is asked for: the end of the turn would withdraw all. */
      let wasWithdrawn = false;
      await using opened = await openSession({
        launch: { permissionMode: "ask" },
        script: { turns: [bash("touch one"), bash("touch two"), { text: "Done." }] },
        answer: ({ facts }, signal) => {
          if (facts.kind !== "permission") return { type: "go" };
          asked.push(signal);
          if (asked.length === 1) return new Promise(() => undefined);
          wasWithdrawn = asked[0]?.aborted === true;
          return { type: "permit" };
        },
        output: throughProxy(proxy, (own) => {
          port = own;
        }),
      });
      const { session, launch, work } = opened;
      await session.say("first");
      await waitFor(() => asked.length === 1, { what: "the permission is asked for" });
      proxy.cut();
      // As the person at the terminal of this session answers.
      const { token = "" } = launch.hooks ?? {};
      const place = { url: `http://127.0.0.1:${port}`, password: serverPassword(token), directory: work };
      const person = createOpencodeClient(place);
      const list = (await person.call("GET", "/permission")) as { readonly id: string }[];
      await person.call("POST", `/permission/${list[0]?.id}/reply`, { reply: "once" });
      await waitFor(() => existsSync(`${work}/one`), { what: "the tool has run" });
      expect(asked[0]?.aborted).toBe(false);
      proxy.mend();
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "Done." });
      expect([asked.length, wasWithdrawn]).toEqual([2, true]);
    },
    late,
  );

  test(
    "a conversation that is too long for its model is compacted, and its turn goes on",
    async () => {
      const message = "This model's maximum context length is 100000 tokens.";
      const error = { status: 400, message, type: "invalid_request_error" };
      await using opened = await openSession({
        script: { rules: [{ match: "work", once: true, turn: { error } }], fallback: { text: "Done." } },
      });
      await opened.session.say("work", "order-1");
      expect(await opened.result(1)).toMatchObject({ isError: false });
      expect(opened.told.events).toEqual([{ kind: "compaction" }]);
    },
    late,
  );

  test(
    "a conversation that is compacted twice, so that its last message is OpenCode's own, was given to the model",
    async () => {
      const message = "This model's maximum context length is 100000 tokens.";
      const error = { status: 400, message, type: "invalid_request_error" };
      await using opened = await openSession({
        script: { turns: [{ error }, { error }], fallback: { text: "Done." } },
      });
      await opened.session.say("work", "order-1");
      expect(await opened.result(1)).toMatchObject({ isError: false });
      expect(opened.told.events).toEqual([{ kind: "compaction" }, { kind: "compaction" }]);
      expect(opened.told.signs).toContainEqual({ type: "taken", text: "work", id: "order-1" });
    },
    late,
  );

  test.each([
    [401, "No such key", "authentication", "401"],
    [403, "forbidden", "authentication", "403"],
    [429, "Rate limit reached", "usage_limit", "Rate limit reached"],
    [500, "Internal server error", "server", "Internal server error"],
    [503, "The server is overloaded", "overloaded", "The server is overloaded"],
  ])(
    "a model that answers %d: %s",
    async (status, message, word, words) => {
      const error = { status, message, type: "x" };
      await using opened = await openSession({ script: { fallback: { error } } });
      const { session, told } = opened;
      await session.say("work", "order-1");
      if (status < 429) {
        expect(await opened.result(1)).toMatchObject({ isError: true, wasAsked: false, error: word });
        expect(told.results[0]?.text).toContain(words);
        expect(told.signs.filter(({ type }) => type === "taken")).toEqual([]);
      } else {
        const retry = () => told.signs.find(({ type }) => type === "retry");
        expect(await waitFor(retry, { what: "a retry is told" })).toMatchObject({
          error: word,
          detail: `attempt 1: ${words}`,
        });
        await until("the turn is over", () => session.interrupt());
        expect(await opened.result(1)).toMatchObject({ isError: true, text: "its turn was interrupted" });
      }
    },
    late,
  );
});
