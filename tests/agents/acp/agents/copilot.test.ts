// Sessions with the real Copilot CLI, offline, without an account.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { copilotOverAcp as copilot, ownWords } from "../../../../src/agents/acp/agents/copilot.ts";
import type { AgentLaunch } from "../../../../src/agents/agent-launch.ts";
import { prepareCopilot } from "../../../support/acp-clis.ts";
import { startOpenaiChatServer } from "../../../support/openai-chat-server.ts";
import { until, waitFor } from "../../../support/wait-for.ts";
import { sessionsOf } from "../opened-session.ts";

const openCopilot = sessionsOf(copilot, startOpenaiChatServer, prepareCopilot);
const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
const bash = (command: string) => call("bash", { command, description: "d" });
const go = { type: "go" } as const;
const late = 240_000;

test.each([
  ["Info: Request failed due to a transient API error. Retrying...", true],
  ["Error: Authentication failed with provider at http://127.0.0.1:1/v1 (HTTP 401).", true],
  ["Error: Failed to get response from the AI model; retried 5 times. Last error: 429 slow down", true],
  ["Error: 400 too long", true],
  ["The test says: Error: 400 too long", false],
])("copilot itself, and not its model, has said %p: %p", (words, isOwn) => {
  expect(ownWords.test(words)).toBe(isOwn);
});

describe("copilot", () => {
  test(
    "a task: its own tool needs no permission, a command is refused with words, another is held and let go",
    async () => {
      const held = Promise.withResolvers<typeof go>();
      await using opened = await openCopilot(
        {
          rules: [
            { match: "NOT-THAT", turn: bash("echo hi > out") },
            { match: "FIRST", once: true, turn: call("cliai-report_status", { status: "x" }) },
            { match: "FAIL", turn: { error: { status: 401, message: "No such key" } } },
          ],
          turns: [bash("touch no"), { text: "All done." }],
        },
        {
          answer: ({ facts: { kind, detail } }) => {
            if (kind === "tool_start") return detail === "touch no" ? go : held.promise;
            if (kind !== "permission") return go;
            return detail === "touch no" ? { type: "forbid", reason: "NOT-THAT" } : { type: "permit" };
          },
        },
      );
      const { session, told, work, model } = opened;
      expect(await session.say("FIRST", "order-1")).toBe("started");
      const starts = () => told.hooks.filter(({ facts }) => facts.kind === "tool_start");
      await waitFor(() => starts().length === 2, { what: "the second command" });
      expect(existsSync(`${work}/out`)).toBe(false);
      expect(await session.say("meanwhile")).toBe("busy");
      held.resolve(go);
      const result = { isError: false, wasAsked: true, text: "All done.", said: "All done." } as const;
      expect(await opened.result(1)).toEqual(result);
      expect(readFileSync(`${work}/out`, "utf8")).toBe("hi\n");
      expect(existsSync(`${work}/no`)).toBe(false);
      expect(told.signs).toContainEqual({ type: "taken", text: "FIRST", id: "order-1" });
      expect(starts()[1]?.tool).toMatchObject({ name: "execute", input: { command: "echo hi > out" } });
      expect(told.observed[0]?.facts).toMatchObject({ kind: "tool_start", tool: "cliai-report_status" });
      expect(told.usage).toMatchObject([{ tokens: expect.any(Number), context_window: 128_000 }, {}]);
      expect(JSON.stringify(model.requests[0]?.body.messages)).toContain("You are ada.");

      await session.say("FAIL", "order-2");
      const failure = { isError: true, wasAsked: false, error: "authentication" } as const;
      expect(await opened.result(2)).toMatchObject(failure);
      expect(told.results[1]?.text).toStartWith("Error: Authentication failed");
      expect(told.signs).not.toContainEqual({ type: "taken", text: "FAIL", id: "order-2" });
    },
    late,
  );

  test(
    "an interrupt ends the turn and its command; a session is resumed by its own id, and one that is not known is named",
    async () => {
      await using first = await openCopilot(
        { rules: [{ match: "FIRST", turn: bash("echo $$ > pid; sleep 600") }] },
        { answer: ({ facts }) => (facts.kind === "permission" ? { type: "permit" } : go) },
      );
      const { session, work, dir } = first;
      await session.say("FIRST");
      const pidOf = () => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim();
      const pid = await waitFor(pidOf, { what: "the command runs" });
      await until("the turn is over", () => session.interrupt());
      expect(await first.result(1)).toMatchObject({ isError: true, text: "its turn was interrupted" });
      first.server.kill("SIGTERM");
      await first.server.exited;
      await waitFor(() => !existsSync(`/proc/${pid}`), { what: "the command has ended" });
      const resumed = (sessionId: string) =>
        openCopilot({ turns: [{ text: "Again." }] }, { dir, launch: { sessionId, isResumed: true } });
      {
        await using second = await resumed(first.told.session);
        await second.session.say("again", "order-1");
        expect(await second.result(1)).toMatchObject({ text: "Again." });
        expect(second.told.words).toEqual(["Again."]);
        expect(JSON.stringify(second.model.requests[0]?.body.messages)).toContain("FIRST");
      }
      const unknown = "00000000-0000-4000-8000-000000000000";
      await expect(resumed(unknown)).rejects.toThrow(
        `does not know the session "${unknown}": Session not found`,
      );
    },
    late,
  );

  test("refuses to be kept from its user's MCP servers", () => {
    const launch = { strictMcp: true, passedOn: [], dir: "/d", mcpServer: {} } as unknown as AgentLaunch;
    expect(() => copilot.prepare(launch)).toThrow("--strict-mcp");
  });
});
