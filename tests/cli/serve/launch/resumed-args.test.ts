import { describe, expect, test } from "bun:test";
import { resumedArgs } from "../../../../src/cli/serve/launch/resumed-args.ts";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { ada } from "../../../support/agents.ts";

const now = new Date("2026-01-01T01:00:00.000Z");
const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();

function viewWith(
  turn: { since: string; ended_at?: string } | undefined,
  commands: AgentRecord["commands"] = [],
) {
  const session = {
    ...{ instance_id: "r1", session_id: "s1", generation: 1, seq: 1, tools: [] },
    ...{ started_at: ago(90), last_event_at: ago(9), ...(turn === undefined ? {} : { turn }) },
  };
  const base = { agent_id: ada, first_seen: ago(600), audit_seq: 1, commands_seq: 1 };
  return viewAgent({ ...base, commands, session }, now);
}

const seenTask = (state: "seen" | "failed", command_id = "t1") => ({
  ...{ command_id, type: "task" as const, from: "me", summary: "dig", stream_seq: 3, issued_at: ago(50) },
  taken_by: { run: "r1", session_id: "s1" },
  run_ended: { at: ago(8), how: "SIGKILL" },
  receipts: [{ state, at: ago(40) }],
});

describe("resumedArgs()", () => {
  test("without a prompt there is no session to resume: the CLI has stored none", () => {
    expect(resumedArgs(viewWith(undefined), "s1")).toEqual({ more: [] });
    expect(resumedArgs(undefined, "s1")).toEqual({ more: [] });
  });

  test("a session whose turn had ended is resumed, and told nothing", () => {
    const view = viewWith({ since: ago(80), ended_at: ago(20) });
    expect(resumedArgs(view, "s1")).toEqual({ resumes: "s1", more: ["--resume=s1"] });
  });

  test("one that was cut off in a turn is told to go on", () => {
    const { more } = resumedArgs(viewWith({ since: ago(20) }), "s1");
    expect(more).toEqual([
      "--resume=s1",
      "--task=You were cut off, and have been started again. Go on where you were.",
    ]);
  });

  test("one that still has a task is told to go on, though its last run showed no turn", () => {
    const { more } = resumedArgs(viewWith({ since: ago(80), ended_at: ago(20) }, [seenTask("seen")]), "s1");
    expect(more[1]).toEndWith("Go on where you were.");
  });

  test("a message that it has read is no work to go on with, though it stays seen", () => {
    const message = { ...seenTask("seen", "request-q1-ada"), type: "message" as const };
    const turn = { since: ago(80), ended_at: ago(20) };
    const nothing = { resumes: "s1", more: ["--resume=s1"] };
    expect(resumedArgs(viewWith(turn, [message]), "s1")).toEqual(nothing);
    const failed = viewWith({ since: ago(20) }, [seenTask("failed"), message]);
    expect(resumedArgs(failed, "s1")).toEqual(nothing);
  });

  test("a task that has failed meanwhile is not gone on with", () => {
    const failed = viewWith({ since: ago(20) }, [seenTask("failed")]);
    expect(resumedArgs(failed, "s1").more).toEqual(["--resume=s1"]);
    const both = viewWith({ since: ago(20) }, [seenTask("failed"), seenTask("seen", "t2")]);
    expect(resumedArgs(both, "s1").more[1]).toEndWith(
      "do not go on with t1: that has ended as failed in the meantime.",
    );
  });
});
