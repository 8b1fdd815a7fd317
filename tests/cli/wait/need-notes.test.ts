import { describe, expect, test } from "bun:test";
import { createNeedNotes } from "../../../src/cli/wait/need-notes.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import type { OpenRequest } from "../../../src/domain/requests.ts";
import { ada } from "../../support/agents.ts";
import { stays, until } from "../../support/wait-for.ts";

const at = new Date().toISOString();
const view = (more: Partial<AgentRecord>, heartbeat = {}) =>
  viewAgent(
    {
      ...{ agent_id: ada, first_seen: at, commands: [], audit_seq: 0, commands_seq: 0 },
      heartbeat: { at, interval_s: 15, ...heartbeat },
      ...more,
    },
    new Date(at),
  );
const question: OpenRequest = { request_id: "r1", kind: "question", asked_at: at, summary: "Which?" };

describe("createNeedNotes()", () => {
  test("says what an agent waits for and where to answer, once for each need that stands", async () => {
    const noted: string[] = [];
    const needs = createNeedNotes((line) => noted.push(line));
    needs.take(view({}, { waits_at_terminal: "it may ask" })); // over before it is said
    needs.take(view({ requests: [question] }));
    needs.take(view({ requests: [question] }));
    await until("it is said", () => noted.length > 0);
    expect(noted).toEqual(["ada needs you: asks: Which?; answer it: cliai inbox"]);
    needs.take(view({}));
    needs.take(view({}, { waits_at_terminal: "it may ask", terminal_closed: true }));
    await until("the next one is said", () => noted.length > 1);
    expect(noted[1]).toMatch(
      /^ada needs you: it may ask; its window is closed; to answer there: cliai attach ada$/,
    );
    needs.take(view({ requests: [question] }));
    needs.stop();
    await stays(() => noted.length === 2, {
      what: "nothing more is said",
      forMs: 1_300,
      because: "a need is said after a second",
    });
  });
});
