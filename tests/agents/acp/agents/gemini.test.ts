// Sessions with the real Gemini CLI, offline.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { gemini } from "../../../../src/agents/acp/agents/gemini.ts";
import type { AgentLaunch } from "../../../../src/agents/agent-launch.ts";
import { prepareGemini } from "../../../support/acp-clis.ts";
import { onFastClock, stayForAnHour } from "../../../support/fast-clock.ts";
import { startGeminiApiServer } from "../../../support/gemini-api-server.ts";
import { until, waitFor } from "../../../support/wait-for.ts";
import { sessionsOf } from "../opened-session.ts";

const openGemini = sessionsOf(gemini, startGeminiApiServer, prepareGemini);
const openFast = sessionsOf(gemini, startGeminiApiServer, onFastClock(prepareGemini));
const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
const shell = (command: string) => call("run_shell_command", { command, description: "d" });
const go = { type: "go" } as const;
const late = 300_000;

/**
 * Gives the files of sessions the names that they would have had in an earlier minute. The name holds the minute, and 0.61.0 overwrites the
 * file of a session that is resumed in the minute in which it began: it then knows no such session.
 */
async function makeEarlier(chats: string): Promise<void> {
  for (const name of await readdir(chats)) {
    await rename(
      join(chats, name),
      join(chats, name.replace(/\d{4}-\d\d-\d\dT\d\d-\d\d/, "2020-01-01T00-00")),
    );
  }
}

describe("gemini", () => {
  test(
    "a task: its own tool needs no permission, a refusal has its words at the end of the turn, a command is held for an hour and let go",
    async () => {
      const held = Promise.withResolvers<typeof go>();
      await using opened = await openFast(
        {
          rules: [
            { match: "NOT-THAT", turn: shell("echo hi > out") },
            { match: "FAIL", turn: { error: { status: 401, message: "No such key" } } },
          ],
          turns: [
            call("mcp_cliai_report_status", { status: "x" }),
            shell("touch no"),
            { text: "I may not." },
            { text: "All done." },
          ],
        },
        {
          answer: ({ facts: { kind, detail } }) => {
            if (kind === "tool_start") return detail === "echo hi > out" ? held.promise : go;
            if (kind !== "permission") return go;
            return detail === "touch no" ? { type: "forbid", reason: "NOT-THAT" } : { type: "permit" };
          },
        },
      );
      const { session, told, work, model } = opened;
      expect(await session.say("FIRST", "order-1")).toBe("started");
      const starts = () => told.hooks.filter(({ facts }) => facts.kind === "tool_start");
      await waitFor(() => starts().length === 3, { what: "the second command" });
      expect(starts().map(({ tool }) => [tool?.name, tool?.isOwn])).toEqual([
        ["report_status", true],
        ["run_shell_command", false],
        ["run_shell_command", false],
      ]);
      expect(starts()[2]?.tool?.input).toMatchObject({ command: "echo hi > out" });
      await stayForAnHour(opened.dir, () => told.results.length === 0 && !existsSync(`${work}/out`), {
        ...{ what: "the command waits", because: "nobody has answered" },
      });
      expect(await session.say("meanwhile")).toBe("busy");
      held.resolve(go);
      const result = { isError: false, wasAsked: true, text: "All done.", said: "All done." } as const;
      expect(await opened.result(1)).toEqual(result);
      expect(readFileSync(`${work}/out`, "utf8")).toBe("hi\n");
      expect(existsSync(`${work}/no`)).toBe(false);
      expect(told.words).toEqual(["I may not.", "All done."]);
      expect(told.signs).toContainEqual({ type: "taken", text: "FIRST", id: "order-1" });
      expect(told.usage).toMatchObject([{ tokens: 3_150, model: "model-1" }, { tokens: 2_100 }]);
      expect(model.requests[0]?.newText).toContain("You are ada.");

      await session.say("FAIL", "order-2");
      const failure = { isError: true, wasAsked: false, error: "authentication" } as const;
      expect(await opened.result(2)).toMatchObject(failure);
      expect(told.results[1]?.text).toContain("No such key");
    },
    late,
  );

  test(
    "an interrupt ends the turn and its command; a session is resumed by its own id again and again, and one that is not known is told by its last words",
    async () => {
      await using first = await openGemini(
        {
          rules: [{ match: "FIRST", turn: shell("echo $$ > pid; sleep 600") }],
        },
        { answer: ({ facts }) => (facts.kind === "permission" ? { type: "permit" } : go) },
      );
      const { session, work, dir } = first;
      await session.say("FIRST");
      const pidOf = () => existsSync(`${work}/pid`) && readFileSync(`${work}/pid`, "utf8").trim();
      const pid = await waitFor(pidOf, { what: "the command runs" });
      await until("the turn is over", () => session.interrupt());
      expect(first.told.signs).toContainEqual({ type: "taken", text: "FIRST" });
      expect(await first.result(1)).toMatchObject({ isError: true, text: "its turn was interrupted" });
      await waitFor(() => !existsSync(`/proc/${pid}`), { what: "the command has ended" });
      first.server.kill("SIGTERM");
      await first.server.exited;
      await makeEarlier(join(dir.path, "home/.gemini/tmp/work/chats"));
      const resumed = (sessionId: string) =>
        openGemini({ turns: [{ text: "Again." }] }, { dir, launch: { sessionId, isResumed: true } });
      for (const time of ["SECOND", "THIRD", "FOURTH"]) {
        await using again = await resumed(first.told.session);
        await again.session.say(time, "order-1");
        expect(await again.result(1)).toMatchObject({ text: "Again." });
        expect(again.told.words).toEqual(["Again."]);
        expect(JSON.stringify(again.model.requests[0]?.body.contents)).toContain("FIRST");
      }
      await using unknown = await resumed("00000000-0000-4000-8000-000000000000");
      await unknown.server.exited;
      const ended = () => gemini.isSessionGone?.(unknown.server.log()) === true;
      await waitFor(ended, { what: "its last words say so", saw: unknown.server.log });
    },
    late,
  );

  test("refuses to be kept from its user's MCP servers", () => {
    const launch = { strictMcp: true, passedOn: [] } as unknown as AgentLaunch;
    expect(() => gemini.prepare(launch)).toThrow("--strict-mcp");
  });
});
