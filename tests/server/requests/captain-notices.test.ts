import { describe, expect, test } from "bun:test";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { alertOfEscalations, wordsFor } from "../../../src/server/requests/captain-notices.ts";
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

describe("wordsFor()", () => {
  const permission = (tool: string, input: unknown) =>
    wordsFor(
      request("r1", {
        ...{ kind: "permission", question: `May it use ${tool}?` },
        context: JSON.stringify(input, null, 2),
      }),
    );

  test("says what a tool is to do in words, and not as JSON", () => {
    expect(permission("Bash", { command: "make\nmake install", description: "Build" })).toBe(
      [
        "ada asks for approval (request r1): May it use Bash?",
        "$ make",
        "  make install",
        'description: "Build"',
      ].join("\n"),
    );
    const edit = { file_path: "/work/a.ts", old_string: "one\ntwo", new_string: "one\n2" };
    expect(permission("Edit", edit).split("\n").slice(1)).toEqual(["/work/a.ts", "  one", "- two", "+ 2"]);
    expect(permission("Search", { query: "left?", most: 3 }).split("\n").slice(1)).toEqual([
      "query: left?",
      "most: 3",
    ]);
  });

  test("keeps a plan and the words of a question as they are", () => {
    const plan = request("r1", { kind: "permission", question: "This plan?", plan: true, context: "{1}" });
    expect(wordsFor(plan)).toEndWith("This plan?\nplan: {1}");
    expect(wordsFor(request("r1", { context: '{"at":"the fork"}' }))).toEndWith('context: {"at":"the fork"}');
  });
});

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
