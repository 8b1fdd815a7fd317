// Sessions with the real Qwen Code, offline.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { qwenOverAcp } from "../../../../src/agents/acp/agents/qwen.ts";
import type { HookAnswer } from "../../../../src/domain/hook.ts";
import { prepareQwen } from "../../../support/acp-clis.ts";
import { onFastClock, stayForAnHour } from "../../../support/fast-clock.ts";
import { startOpenaiChatServer } from "../../../support/openai-chat-server.ts";
import { until, waitFor } from "../../../support/wait-for.ts";
import type { OpenedCli } from "../../opened-cli.ts";
import { sessionsOf } from "../opened-session.ts";

const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
const shell = (command: string) =>
  call("run_shell_command", { command, description: "d", is_background: false });
const go = { type: "go" } as const;
const late = 240_000;
const kinds = ({ told }: OpenedCli) => told.hooks.map(({ facts }) => facts.kind);

const openQwen = sessionsOf(qwenOverAcp, startOpenaiChatServer, prepareQwen);
const openFast = sessionsOf(qwenOverAcp, startOpenaiChatServer, onFastClock(prepareQwen));

describe("qwen", () => {
  test(
    "a task: its own tool needs no permission, a command is asked for and held for an hour, figures and words are told",
    async () => {
      const held = Promise.withResolvers<HookAnswer>();
      await using opened = await openFast(
        {
          turns: [
            call("mcp__cliai__report_status", { status: "x" }),
            shell("echo hi > out"),
            { text: "All done." },
          ],
        },
        { answer: ({ facts }) => (facts.kind === "permission" ? held.promise : go) },
      );
      const { session, told, model, work } = opened;
      expect(await session.say("Do it.", "order-1")).toBe("started");
      await waitFor(() => kinds(opened).includes("permission"), { what: "it asks" });
      await stayForAnHour(opened.dir, () => told.results.length === 0 && !existsSync(`${work}/out`), {
        ...{ what: "the command waits", because: "nobody has answered" },
      });
      held.resolve({ type: "permit" });
      const result = { isError: false, wasAsked: true, text: "All done.", said: "All done." } as const;
      expect(await opened.result(1)).toEqual(result);
      expect(told.session).toMatch(/^[0-9a-f-]{36}$/);
      expect(told.signs).toEqual([{ type: "taken", text: "Do it.", id: "order-1" }, { type: "answer" }]);
      expect(kinds(opened)).toEqual(["prompt", "tool_start", "tool_start", "permission", "turn_end"]);
      expect(told.hooks[1]?.tool).toMatchObject({ name: "report_status", isOwn: true });
      const command = { command: "echo hi > out", description: "d", is_background: false };
      expect(told.hooks[3]?.tool).toMatchObject({ name: "run_shell_command", isOwn: false, input: command });
      expect(told.observed.map(({ facts }) => `${facts.kind} ${facts.tool}`)).toEqual([
        "tool_end report_status",
        "tool_end run_shell_command",
      ]);
      expect(readFileSync(`${work}/out`, "utf8")).toBe("hi\n");
      const usage = { tokens: 1050, context_tokens: 1000, context_window: 200_000, model: "model-1" };
      expect(told.usage).toMatchObject([usage, usage, usage]);
      expect(told.words).toEqual(["All done."]);
      expect(model.requests).toHaveLength(3); // none for a suggestion
      expect(JSON.stringify(model.requests[0]?.body.messages[0])).toContain("You are ada.");
    },
    late,
  );

  test(
    "a refusal ends the turn, and its words go to the model; a text for a turn that runs joins it after the tool",
    async () => {
      await using opened = await openQwen(
        {
          rules: [
            { match: "Use the other folder.", turn: shell("until [ -e go ]; do sleep 0.1; done") },
            { match: "look at this too", turn: { text: "Both done." } },
          ],
          turns: [shell("touch refused")],
        },
        {
          answer: ({ facts: { kind, detail = "" } }) => {
            if (kind !== "permission") return go;
            return detail.includes("refused")
              ? { type: "forbid", reason: "Use the other folder." }
              : { type: "permit" };
          },
        },
      );
      const { session, told, work } = opened;
      await session.say("first", "order-1");
      await waitFor(() => told.hooks.filter(({ facts }) => facts.kind === "permission").length === 2, {
        what: "the second command",
      });
      const steered = session.say("look at this too", "order-2");
      await Bun.write(`${work}/go`, "");
      expect(await steered).toBe("steered");
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "Both done." });
      expect(existsSync(`${work}/refused`)).toBe(false);
      expect(told.results).toHaveLength(1);
      expect(told.signs).toContainEqual({ type: "taken", text: "look at this too", id: "order-2" });
    },
    late,
  );

  test(
    "an interrupt ends the turn and its command, and withdraws a permission that stands",
    async () => {
      let withdrawn = false;
      await using opened = await openQwen(
        {
          rules: [
            { match: "first", turn: shell("echo $$ > pid; sleep 600") },
            { match: "second", turn: shell("touch never") },
          ],
        },
        {
          answer: async ({ facts: { kind, detail = "" } }, signal) => {
            if (kind !== "permission") return go;
            if (detail.includes("pid")) return { type: "permit" };
            await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
            withdrawn = true;
            return { type: "permit" };
          },
        },
      );
      const { session, told, work } = opened;
      await session.say("first");
      const pidOf = () => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim();
      const pid = await waitFor(pidOf, { what: "the command runs" });
      await until("the turn is over", () => session.interrupt());
      const result = { isError: true, wasAsked: true, text: "its turn was interrupted" };
      expect(await opened.result(1)).toEqual(result);
      await waitFor(() => !existsSync(`/proc/${pid}`), { what: "the command has ended" });
      expect(told.observed.map(({ facts }) => facts.kind)).toEqual(["tool_failed"]);
      await session.say("second");
      await waitFor(() => told.hooks.filter(({ facts }) => facts.kind === "permission").length === 2, {
        what: "the second permission",
      });
      await until("the turn is over", () => session.interrupt());
      expect(await opened.result(2)).toEqual(result);
      expect(withdrawn).toBe(true);
      expect(existsSync(`${work}/never`)).toBe(false);
    },
    late,
  );

  test(
    "questions are asked with their choices; a session is resumed by its own id; one that is not known is named",
    async () => {
      const questions = [
        {
          question: "Red or blue?",
          header: "Colour",
          options: [
            { label: "Red", description: "r" },
            { label: "Blue", description: "b" },
          ],
        },
      ];
      await using first = await openQwen(
        { turns: [call("ask_user_question", { questions }), { text: "Remember 42." }] },
        {
          answer: ({ facts }) => (facts.kind === "question" ? { type: "answer", answers: ["Blue"] } : go),
        },
      );
      await first.session.say("ask");
      expect(await first.result(1)).toMatchObject({ isError: false, text: "Remember 42." });
      expect(first.told.hooks.find(({ facts }) => facts.kind === "question")?.tool?.questions).toMatchObject([
        { question: "Red or blue?", choices: [{ label: "Red" }, { label: "Blue" }] },
      ]);
      expect(first.model.requests[1]?.newText).toContain("Blue");
      first.server.kill("SIGTERM");
      await first.server.exited;
      const resumed = (sessionId: string) =>
        openQwen(
          { turns: [{ text: "It was 42." }] },
          { dir: first.dir, launch: { sessionId, isResumed: true } },
        );
      {
        await using second = await resumed(first.told.session);
        expect(second.told.session).toBe(first.told.session);
        await second.session.say("what was it?", "order-1");
        expect(await second.result(1)).toMatchObject({ text: "It was 42." });
        expect(second.told.words).toEqual(["It was 42."]);
        expect(JSON.stringify(second.model.requests[0]?.body.messages)).toContain("Remember 42.");
      }
      const unknown = "00000000-0000-4000-8000-000000000000";
      await expect(resumed(unknown)).rejects.toMatchObject({
        code: "session_gone",
        message: expect.stringContaining(`does not know the session "${unknown}": Session not found`),
      });
    },
    late,
  );

  test(
    "what a profile allows is not asked for, and --strict-mcp leaves out the user's own MCP servers",
    async () => {
      const started = (dir: { join: (name: string) => string }) => dir.join("other-started");
      const openBesides = sessionsOf(qwenOverAcp, startOpenaiChatServer, (dir, model) => {
        const args = ["-e", `require("node:fs").writeFileSync(${JSON.stringify(started(dir))}, "")`];
        return prepareQwen(dir, model, { mcpServers: { other: { command: process.execPath, args } } });
      });
      await using opened = await openBesides(
        {
          turns: [call("mcp__cliai__report_status", { status: "x" }), shell("touch made"), { text: "Done." }],
        },
        {
          launch: { allowedTools: ["run_shell_command(touch)"], strictMcp: true },
        },
      );
      const { session, told, work } = opened;
      await session.say("work");
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "Done." });
      expect(existsSync(`${work}/made`)).toBe(true);
      expect(kinds(opened)).toEqual(["prompt", "tool_start", "turn_end"]);
      expect(told.hooks[1]?.tool).toMatchObject({ name: "report_status", isOwn: true });
      expect(existsSync(started(opened.dir))).toBe(false);
    },
    late,
  );

  test(
    "a model that answers 401 fails the turn, in our words",
    async () => {
      const error = { status: 401, message: "No such key", type: "x" };
      await using opened = await openQwen({ fallback: { error } });
      await opened.session.say("work", "order-1");
      expect(await opened.result(1)).toMatchObject({
        ...{ isError: true, wasAsked: false, error: "authentication" },
        text: expect.stringContaining("No such key"),
      });
      expect(opened.told.signs).toEqual([]);
    },
    late,
  );

  test(
    "a model that answers 429 is asked again without a word to us, until the turn is interrupted",
    async () => {
      const error = { status: 429, message: "Rate limit reached", type: "x" };
      await using opened = await openQwen({ fallback: { error } });
      const { session, told, model } = opened;
      await session.say("work", "order-1");
      await waitFor(() => model.requests.length >= 2, { what: "it is asked again" });
      expect([told.signs, told.results]).toEqual([[], []]);
      await until("the turn is over", () => session.interrupt());
      expect(await opened.result(1)).toEqual({
        ...{ isError: true, wasAsked: false, text: "its turn was interrupted" },
      });
    },
    late,
  );
});
