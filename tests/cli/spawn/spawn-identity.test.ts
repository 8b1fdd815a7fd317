import { describe, expect, test } from "bun:test";
import { chooseAgentId, seenIn } from "../../../src/cli/spawn/spawn-identity.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { type AgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";

const now = new Date("2026-05-03T12:00:00Z");

function record(text: string, heartbeatAt?: string): [AgentId, AgentRecord] {
  const id = parseAgentId(text);
  const at = heartbeatAt ?? "2026-05-03T10:00:00Z";
  return [id, reduceAgent(undefined, { type: "heartbeat", id, at, message: {} })];
}

function choose(wanted: string | undefined, fleet: [AgentId, AgentRecord][], random: number[] = [0.1234]) {
  const folders = ["Kite-0001"].map(parseAgentId);
  const known = { agents: seenIn({ records: new Map(fleet), now }), folders };
  return chooseAgentId(wanted, "snake", known, () => random.shift() ?? 0.5);
}

describe("chooseAgentId()", () => {
  test("makes an id of the profile and four digits", () => {
    expect(String(choose(undefined, []))).toBe("Snake-1234");
  });

  test("makes another when an agent has it already, in whatever case", () => {
    expect(String(choose(undefined, [record("SNAKE-1234")], [0.1234, 0.0007]))).toBe("Snake-0007");
  });

  test("takes the id of an agent that is not online: it is started again", () => {
    expect(String(choose("ada", [record("ada", "2026-05-03T11:00:00Z")]))).toBe("ada");
  });

  test("refuses the id of an agent that is online", () => {
    expect(() => choose("ada", [record("ada", "2026-05-03T11:59:50Z")])).toThrow(
      'the agent "ada" is online already',
    );
  });

  test.each([
    ["Ada", [record("ada")], '"Ada" differs from the agent "ada" in case only'],
    ["KITE-0001", [], '"KITE-0001" differs from the agent "Kite-0001" in case only'],
    ["a.b", [], '"a.b" is not an agent id'],
    ["../x", [], '"../x" is not an agent id'],
    ["peer_ci_x", [], '"peer_ci_x" could be the id of an agent of a peer'],
  ])("refuses %s", (wanted, fleet, message) => {
    expect(() => choose(wanted, fleet)).toThrow(message);
  });
});
