import { describe, expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { filterText, matchesFilter, parseFilter } from "../../../../src/domain/fleet/shown/agent-filter.ts";
import { ada } from "../../../support/agents.ts";

const at = "2026-01-01T00:00:00.000Z";
const agent = viewAgent(
  {
    ...{ agent_id: ada, first_seen: at, last_seen: at, commands: [], audit_seq: 0, commands_seq: 0 },
    ...{ config_name: "coder", project_path: "/work/shop", current_task: "Digging a hole", task_at: at },
    ...{ host: "bench", profile_tags: ["api", "night"] },
    heartbeat: { at, interval_s: 15, agent_cli: "somecli" },
    requests: [{ request_id: "r", kind: "question", asked_at: at, summary: "red or blue?" }],
  },
  new Date(at),
);

describe("matchesFilter()", () => {
  test.each([
    ["", true],
    ["  ", true],
    ["ada", true],
    ["ADA hole", true],
    ["coder shop somecli question blue", true],
    ["digging shed", false],
    ["adah", false],
    ['"digging a hole"', true],
    ['"a digging"', false],
    ["-shed", true],
    ["-hole", false],
    ["tag:api", true],
    ["TAG:API status:needs-you", true],
    ["tag:web,night", true],
    ["tag:web", false],
    ["-tag:web tag:api", true],
    ["tag:none", false],
    ["project:shop", true],
    ["project:/work/shop", true],
    ["project:work", false],
    ["profile:coder machine:bench cli:somecli", true],
    ["profile:code", false],
    // Not yet written to its end: nothing has no value, so nothing matches, and no order goes to all by mistake.
    ["tag:", false],
    ["http://x", false],
  ])("of %j is %p", (text, isMatch) => {
    expect(matchesFilter(agent, parseFilter(text))).toBe(isMatch);
  });

  test("an agent without tags has the tag none", () => {
    expect(matchesFilter({ ...agent, tags: [] }, parseFilter("tag:none"))).toBe(true);
  });
});

test.each(["", "ada", 'tag:api,web -status:idle "a b"', "-shed http://x"])(
  "filterText() writes %j as it was typed",
  (text) => {
    expect(filterText(parseFilter(text))).toBe(text);
  },
);
