import { describe, expect, test } from "bun:test";
import { findRequest, findRequests, isNamedByAgent } from "../../src/domain/find-request.ts";
import { type AgentRequest, isApproval } from "../../src/domain/requests.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { ada, bob } from "../support/agents.ts";

const question: AgentRequest = {
  request_id: "r1",
  agent_id: ada,
  kind: "question",
  question: "which?",
  asked_at: "2026-01-01T00:00:00Z",
  on_expiry: "expire",
  state: "asked",
};

describe("findRequest()", () => {
  const known = ["abcd-1", "abcd-2", "xyzu-3"].map((request_id) => ({ ...question, request_id }));

  test("finds by the whole id or a beginning that fits one, the open before those that are over", () => {
    expect(findRequest("xyzu-3", known).request_id).toBe("xyzu-3");
    expect(findRequest("xyzu", known).request_id).toBe("xyzu-3");
    const over = known.map((request) =>
      request.request_id === "abcd-1" ? { ...request, state: "withdrawn" as const } : request,
    );
    expect(findRequest("abcd", over).request_id).toBe("abcd-2");
    expect(findRequest("abcd-1", over).request_id).toBe("abcd-1");
  });

  test("names those that a beginning could mean, or those near to an unknown one", () => {
    expect(() => findRequest("abcd", known)).toThrow('"abcd" matches 2 requests');
    expect(() => findRequest("abcd-3", known)).toThrow('no request "abcd-3"');
    expect(() => findRequest("", known)).toThrow('no request ""');
  });

  test("takes no beginning of less than four characters, which a slip of the hand makes", () => {
    for (const short of ["x", "xy", "xyz"])
      expect(() => findRequest(short, known)).toThrow(
        expect.objectContaining({
          ...{ code: "request_unknown", message: `no request "${short}"` },
          hint: expect.stringContaining("at least its first 4 characters"),
        }),
      );
    expect(findRequest("r1", [question]).request_id).toBe("r1");
  });

  test("names the agent that asks, if its id is near", () => {
    const asking = [{ ...question, agent_id: bob }];
    expect(() => findRequest("bobb", asking)).toThrow(expect.objectContaining({ hint: "did you mean bob?" }));
  });
});

describe("findRequests()", () => {
  const idsFor = (text: string, requests: readonly AgentRequest[], fits = (_: AgentRequest) => true) =>
    findRequests(text, requests, fits).map(({ request_id }) => request_id);
  const approval: AgentRequest = { ...question, request_id: "p1", kind: "permission", on_expiry: "refuse" };
  const ofBob: AgentRequest = { ...question, request_id: "b1", agent_id: bob };
  const over: AgentRequest = { ...question, request_id: "o1", state: "answered" };

  test("an agent's id means what it asks, and nothing that is over or that others ask", () => {
    expect(idsFor("ada", [over, question, ofBob])).toEqual(["r1"]);
    expect(idsFor("ada", [question, approval])).toEqual(["r1", "p1"]);
    expect(idsFor("r1", [question, approval])).toEqual(["r1"]);
  });

  test("of an agent's requests, only those count that the answer fits, if there are any", () => {
    expect(idsFor("ada", [question, approval], isApproval)).toEqual(["p1"]);
    expect(idsFor("ada", [question], isApproval)).toEqual(["r1"]);
  });

  test("a word that is an agent's id and the beginning of a request's id means both", () => {
    const ofAnna = { ...question, agent_id: parseAgentId("anna") };
    expect(idsFor("anna", [ofAnna, { ...ofBob, request_id: "anna-5" }])).toEqual(["r1", "anna-5"]);
    expect(idsFor("ada", [question, { ...ofBob, request_id: "adam" }])).toEqual(["r1"]);
    expect(idsFor("ada", [question, { ...ofBob, request_id: "ada" }])).toEqual(["ada"]);
  });

  test("an agent that asks nothing any more is no request", () => {
    expect(() => idsFor("ada", [over])).toThrow('no request "ada"');
  });
});

describe("isNamedByAgent()", () => {
  test("an agent's id names the agent, also if the id of what it asks begins with it", () => {
    expect(isNamedByAgent("ada", question)).toBe(true);
    expect(isNamedByAgent("ada", { ...question, request_id: "ada0f3" })).toBe(true);
    expect(isNamedByAgent("ada0", { ...question, request_id: "ada0f3" })).toBe(false);
    expect(isNamedByAgent("ada", { ...question, request_id: "ada0f3", agent_id: bob })).toBe(false);
    expect(isNamedByAgent("ada", { ...question, request_id: "ada" })).toBe(false);
  });
});
