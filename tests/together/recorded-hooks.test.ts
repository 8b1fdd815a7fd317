// Recorded streams of Claude Code's hooks (2.1.330), replayed: what the agent is said to do after each.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readClaudeHook } from "../../src/agents/claude/claude-hooks.ts";
import type { AgentRecord } from "../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../src/domain/fleet/agent-view.ts";
import { reduceAgent } from "../../src/domain/fleet/reduce-agent.ts";
import { id } from "../domain/fleet/session-events.ts";

const LineSchema = v.object({ t: v.string(), p: v.looseObject({ hook_event_name: v.string() }) });

/** Activity and attention after each hook that says something of the state. */
function replay(name: string): { readonly steps: string[]; readonly record: AgentRecord | undefined } {
  const text = readFileSync(join(import.meta.dirname, "samples", name), "utf8");
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => v.parse(LineSchema, JSON.parse(line)));
  const steps: string[] = [];
  let record: AgentRecord | undefined;
  let seq = 0;
  for (const { t: at, p } of lines) {
    const facts = readClaudeHook(p)?.facts;
    if (facts === undefined) continue;
    seq += 1;
    const message = { ...facts, instance_id: "run-1", generation: Date.parse(lines[0]?.t ?? ""), seq };
    record = reduceAgent(record, { type: "heartbeat", id, at, message: { instance_id: "run-1" } });
    record = reduceAgent(record, { type: "event", id, at, audit_seq: seq, message });
    const { activity, attention } = viewAgent(record, new Date(at)).axes;
    const wants = attention.value === "none" ? "" : ` ${attention.value}`;
    steps.push(`${p.hook_event_name}: ${activity.value}${wants}, ${activity.reason}`);
  }
  return { steps, record };
}

describe("recorded hooks of Claude Code", () => {
  test("without a terminal: tools, a failure, an end held back, the end", () => {
    const { steps, record } = replay("hooks-p.jsonl");
    expect(steps).toEqual([
      "SessionStart: idle, no prompt yet",
      "UserPromptSubmit: working, a turn is open",
      "PreToolUse: working, runs mcp__echo__echo",
      "PostToolUse: working, a turn is open",
      "PreToolUse: working, runs Bash",
      "PostToolUse: working, a turn is open",
      "PreToolUse: working, runs mcp__echo__fail",
      "PostToolUseFailure: working, a turn is open",
      "PreToolUse: working, runs mcp__echo__echo",
      "PostToolUse: working, a turn is open",
      "Stop: idle, its turn ended",
      "Stop: idle, its turn ended",
      "SessionEnd: done, its session ended (other)",
    ]);
    expect(record?.session).toMatchObject({ tools: [], ended: { reason: "other" } });
  });

  test("in a terminal: a permission, a dialog, a tool in the background, the end", () => {
    const { steps, record } = replay("hooks-tui.jsonl");
    expect(steps).toEqual([
      "SessionStart: idle, no prompt yet",
      "UserPromptSubmit: working, a turn is open",
      "Stop: idle, its turn ended",
      "UserPromptSubmit: working, a turn is open",
      "PreToolUse: working, runs Bash",
      "PermissionRequest: waiting approval, waits for a permission: Bash touch perm-test",
      "PostToolUse: working, a turn is open",
      "Stop: idle, its turn ended",
      "UserPromptSubmit: working, a turn is open",
      "PreToolUse: working, runs mcp__echo__elicit",
      "Elicitation: waiting question, waits for an answer: Proceed?",
      "ElicitationResult: working, runs mcp__echo__elicit",
      "Notification: working, runs mcp__echo__elicit",
      "PostToolUse: working, a turn is open",
      "Stop: idle, its turn ended",
      "UserPromptSubmit: working, a turn is open",
      "PreToolUse: working, runs mcp__echo__slow",
      "PostToolUse: working, a turn is open",
      "Stop: idle, its turn ended",
      "UserPromptSubmit: working, a turn is open",
      "Stop: idle, its turn ended",
      "SessionEnd: done, its session ended (prompt_input_exit)",
    ]);
    expect(record?.session).toMatchObject({ tools: [], ended: { reason: "prompt_input_exit" } });
  });
});
