import { describe, expect, test } from "bun:test";
import { claudeSession } from "../../../../src/agents/claude/claude-session.ts";
import type { SessionCli } from "../../../../src/agents/session-cli.ts";
import { launchedSession } from "../../../../src/cli/spawn/session-host/launched-session.ts";
import type { Hook } from "../../../../src/domain/hook.ts";

const launch = { env: { HOME: "/h" }, instructions: "You are ada.", mode: "terminal" } as const;
const session: SessionCli = {
  ...claudeSession,
  isInstructedAtStart: true,
  recordPath: (sessionId, { HOME }) => `${HOME}/${sessionId}.jsonl`,
};
const read = (cli: SessionCli, payload: object) => cli.hooks?.read(payload) as Hook;
const start = { hook_event_name: "SessionStart", session_id: "s-1" };
const stop = { hook_event_name: "Stop" };

describe("launchedSession()", () => {
  test("a hook that does not tell the record has it by its session's id", () => {
    const launched = launchedSession(session, launch);
    expect(read(launched, start).transcriptPath).toBe("/h/s-1.jsonl");
    expect(read(launched, { ...start, transcript_path: "/own" }).transcriptPath).toBe("/own");
    expect(read(launched, stop).transcriptPath).toBeUndefined();
    expect(read(launchedSession(claudeSession, launch), start).transcriptPath).toBeUndefined();
  });

  test("the instructions go with the start of the session, and with no other answer", () => {
    const answerOf = (cli: SessionCli, payload: object) =>
      JSON.stringify(cli.hooks?.buildAnswer(read(cli, payload), { type: "go" }));
    const added = (cli: SessionCli) => answerOf(cli, start).includes("You are ada.");
    expect(added(launchedSession(session, launch))).toBe(true);
    for (const [cli, more] of [
      [session, { instructions: "" }],
      [session, { mode: "headless" }],
      [claudeSession, {}],
    ] as const)
      expect(added(launchedSession(cli, { ...launch, ...more }))).toBe(false);
    expect(answerOf(launchedSession(session, launch), stop)).toBe("{}");
  });
});
