import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import {
  acknowledgedSeq,
  acknowledgementsOf,
  agentOrderTopics,
  agentReportTopics,
  agentSubject,
  keysSubject,
  modelServerLeaseSubject,
  parseAgentSubject,
  parseKeysSubject,
  parseModelServerLeaseSubject,
  parseToolCallSubject,
  toolCallSubject,
} from "../../../src/domain/wire/subjects.ts";

const anId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/).map(parseAgentId);
const aTopic = fc.constantFrom(...agentReportTopics, ...agentOrderTopics);

describe("subjects", () => {
  test("parseAgentSubject() gives back what agentSubject() was made of", () => {
    fc.assert(
      fc.property(anId, aTopic, (id, topic) => {
        expect(parseAgentSubject(agentSubject(id, topic))).toEqual({ id, topic });
      }),
    );
  });

  test.each([
    "agent.*.status",
    "agent.>.status",
    "agent.a b.status",
    "agent..status",
    "agent.ada",
    "agent.ada.status.more",
    "agent.ada.dance",
    "tools.call.ada",
    "AGENT.ada.status",
    "",
  ])("parseAgentSubject() rejects %p", (subject) => {
    expect(parseAgentSubject(subject)).toBeUndefined();
  });

  test("parseKeysSubject() gives the agent, and nothing for another subject", () => {
    const ada = parseAgentId("ada");
    expect(parseKeysSubject(keysSubject(ada))).toBe(ada);
    for (const other of ["agent.ada.screen", "agent.ada.keys.more", "agent.-x.keys", "tools.ada.keys"])
      expect(parseKeysSubject(other)).toBeUndefined();
  });

  test("parseToolCallSubject() gives the caller, and nothing for the plain or a longer subject", () => {
    const ada = parseAgentId("ada");
    expect(parseToolCallSubject(toolCallSubject(ada))).toBe(ada);
    for (const subject of ["tools.call", "tools.call.*", "tools.call.ada.x", "tools.x.response"]) {
      expect(parseToolCallSubject(subject)).toBeUndefined();
    }
  });

  test("parseModelServerLeaseSubject() gives the agent, and nothing for the plain or a longer subject", () => {
    const ada = parseAgentId("ada");
    expect(parseModelServerLeaseSubject(modelServerLeaseSubject(ada))).toBe(ada);
    for (const subject of [
      "modelserver.lease",
      "modelserver.lease.*",
      "modelserver.lease.ada.x",
      "tools.call.ada",
    ]) {
      expect(parseModelServerLeaseSubject(subject)).toBeUndefined();
    }
  });

  test("acknowledgedSeq() reads the sequence in the stream from the subject on which an order is acknowledged", () => {
    const subject = acknowledgementsOf(parseAgentId("ada")).replace(">", "2.17.5.1769860800000000000.0");
    expect(acknowledgedSeq(subject)).toBe(17);
    expect(acknowledgedSeq("$JS.ACK.COMMANDS.bridge-ada")).toBeUndefined();
  });
});
