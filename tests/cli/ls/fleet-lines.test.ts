import { describe, expect, test } from "bun:test";
import { fleetLines, resumeLines } from "../../../src/cli/ls/fleet-lines.ts";
import type { Selection } from "../../../src/cli/ls/selection.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { ago, gone, now, view } from "../../support/listed-agents.ts";

describe("resumeLines()", () => {
  const lost = (id: string, more: Partial<AgentRecord["heartbeat"]> = {}, status = "crashed") =>
    gone(60, {
      agent_id: parseAgentId(id),
      heartbeat: { at: ago(60), interval_s: 15, ...more },
      said: { status, source: "status", since: ago(60), at: ago(60) },
    });
  const launched = { agent_cli: "claude" };

  test("names `cliai resume` for those that cliai launched, and for the others what helps instead", () => {
    expect(resumeLines([lost("ada", launched), lost("bob", launched), lost("jo"), lost("kim")])).toEqual([
      "go on: cliai resume ada bob",
      "not launched by cliai: jo, kim; start its own program again, such as the MCP client that runs cliai bridge",
    ]);
    expect(resumeLines([view(), lost("ada", launched, "ended"), lost("jo", {}, "stopped")])).toEqual([]);
  });
});

describe("fleetLines()", () => {
  const all: Selection = {
    ...{ ids: [], isAll: false, isQuiet: false, needsYou: false },
    ...{ status: undefined, profile: undefined, project: undefined, filter: [], sort: undefined },
  };
  const question = (id: string, s: number) =>
    view({
      agent_id: parseAgentId(id),
      requests: [{ request_id: id, kind: "question", asked_at: ago(s), summary: "red?" }],
    });
  const fleet = {
    views: [question("ada", 60), view({ agent_id: parseAgentId("bob") }), question("cleo", 10), gone(60)],
    now,
  };
  const look = { isTerminal: true, columns: 120, color: false };
  const idsOf = (some: Partial<Selection>) =>
    fleetLines(fleet, { ...all, ...some }, look).lines.map((line) => line.split(" ")[0]);

  test("lists those that need a person last, the longest waiting next to the prompt, and counts them", () => {
    expect(idsOf({}).slice(0, 5)).toEqual(["agent", "ada", "bob", "cleo", "ada"]);
    expect(fleetLines(fleet, all, look).lines[5]).toBe("2 need you · 1 idle · 1 away");
  });

  test("lists by another order, or only those that need a person", () => {
    expect(idsOf({ sort: "name" }).slice(0, 5)).toEqual(["agent", "ada", "ada", "bob", "cleo"]);
    expect(idsOf({ needsYou: true }).slice(0, 3)).toEqual(["agent", "cleo", "ada"]);
  });

  test("says that nobody needs a person, and what is left out", () => {
    const calm = { views: [view(), gone(7_200)], now };
    expect(fleetLines(calm, { ...all, needsYou: true }, look)).toEqual({
      lines: [],
      notes: ["nothing needs you: 0 need you · 1 idle · 1 away"],
    });
    expect(fleetLines(calm, all, look).notes).toContain(
      "1 more went over an hour ago; list them too: cliai ls --all",
    );
    expect(fleetLines({ views: [gone(7_200)], now }, all, look).lines).toEqual([]);
  });
});
