import { describe, expect, test } from "bun:test";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { alertOfEscalations } from "../../../src/server/requests/captain-notices.ts";
import { ada, bob } from "../../support/agents.ts";

const request = (request_id: string, more: Partial<AgentRequest> = {}): AgentRequest => ({
  ...{ request_id, agent_id: ada, kind: "question", question: "left?" },
  ...{ asked_at: "2026-01-01T00:00:00Z", on_expiry: "expire", state: "asked", ...more },
});
const escalated = { by: "cap", at: "2026-01-01T00:00:01Z", reason: "not mine" };

/** What was raised and resolved, as the requests change. */
function startScene(open: readonly AgentRequest[] = []) {
  const told: string[] = [];
  let listener: (changed: AgentRequest) => void = () => undefined;
  const end = alertOfEscalations(
    {
      ...{ open: () => [...open], all: () => [...open], get: () => undefined },
      onChange(listen) {
        listener = listen;
        return () => told.push("ended");
      },
    },
    {
      raise: ({ kind, agentId, message }) => void told.push(`raise ${kind} ${agentId} ${message}`),
      resolve: (kind, agentId) => void told.push(`resolve ${kind} ${agentId}`),
    },
  );
  return { told, end, change: (changed: AgentRequest) => listener(changed) };
}

describe("alertOfEscalations()", () => {
  const raised = 'raise escalated ada ada: "left?" was escalated to people by cap: not mine';

  test("raises one alert for a request that is escalated, and ends it with the request", () => {
    const { told, change, end } = startScene();
    change(request("r1"));
    expect(told).toEqual([]);
    change(request("r1", { escalated }));
    change(request("r1", { escalated, told_at: "2026-01-01T00:00:02Z" }));
    expect(told).toEqual([raised]);
    change(request("r1", { escalated, state: "answered" }));
    change(request("r1", { escalated, state: "answered" }));
    expect(told).toEqual([raised, "resolve escalated ada"]);
    end();
    expect(told.at(-1)).toBe("ended");
  });

  test("as long as the agent has another escalated request, its alert stays", () => {
    const { told, change } = startScene();
    for (const id of ["r1", "r2"]) change(request(id, { escalated }));
    change(request("r3", { escalated, agent_id: bob }));
    change(request("r1", { escalated, state: "withdrawn" }));
    expect(told.filter((line) => line.startsWith("resolve"))).toEqual([]);
    change(request("r2", { escalated, state: "expired" }));
    expect(told.filter((line) => line.startsWith("resolve"))).toEqual(["resolve escalated ada"]);
  });

  test("knows those that were escalated before this server started", () => {
    const { told, change } = startScene([request("r1", { escalated }), request("r2")]);
    expect(told).toEqual([raised]);
    change(request("r1", { escalated, state: "answered" }));
    expect(told.at(-1)).toBe("resolve escalated ada");
  });
});
