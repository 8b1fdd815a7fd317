import { expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { matchesWords } from "../../../../src/domain/fleet/shown/matches-words.ts";
import { ada } from "../../../support/agents.ts";

const at = "2026-01-01T00:00:00.000Z";
const agent = viewAgent(
  {
    ...{ agent_id: ada, first_seen: at, last_seen: at, commands: [], audit_seq: 0, commands_seq: 0 },
    ...{ config_name: "coder", project_path: "/work/shop", current_task: "Digging a hole", task_at: at },
    heartbeat: { at, interval_s: 15, agent_cli: "somecli" },
    requests: [{ request_id: "r", kind: "question", asked_at: at, summary: "red or blue?" }],
  },
  new Date(at),
);

test.each([
  ["", true],
  ["  ", true],
  ["ada", true],
  ["ADA hole", true],
  ["coder shop somecli question blue", true],
  ["digging shed", false],
  ["adah", false],
])("matchesWords() for %j is %p", (text, isMatch) => {
  expect(matchesWords(agent, text)).toBe(isMatch);
});
