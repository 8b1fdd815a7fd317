// Which requests an address asks for.
import { expect, test } from "bun:test";
import type { AgentRequest } from "../../../../src/domain/requests.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { makeRequestsReport } from "../../../../src/web/api/reports/requests-report.ts";
import { errorOf } from "../../../support/error-of.ts";

const request = (request_id: string, agent: string, ended_at?: string): AgentRequest => ({
  request_id,
  agent_id: parseAgentId(agent),
  kind: "question",
  question: "may I?",
  asked_at: "2026-05-03T12:00:00Z",
  on_expiry: "expire",
  state: ended_at === undefined ? "asked" : "answered",
  ended_at,
});
const kept = [
  request("r1", "ada", "2026-05-03T12:05:00Z"),
  request("r2", "ada"),
  request("r3", "bob", "2026-05-03T12:09:00Z"),
  request("r4", "bob"),
];
const requests = { all: () => kept, open: () => kept.filter(({ state }) => state === "asked") };
const idsFor = (query: Readonly<Record<string, string>>) =>
  makeRequestsReport(requests, { asked: (name) => query[name] }).map(({ request_id }) => request_id);

test.each<[Record<string, string>, string[]]>([
  [{}, ["r2", "r4"]],
  [{ state: "", agent: " " }, ["r2", "r4"]],
  [{ state: "ended" }, ["r3", "r1"]],
  [{ state: "all" }, ["r2", "r4", "r3", "r1"]],
  [{ state: "all", agent: "ada" }, ["r2", "r1"]],
  [{ agent: "carol" }, []],
])("makeRequestsReport() for %j has %j", (query, ids) => {
  expect(idsFor(query)).toEqual(ids);
});

test("makeRequestsReport() refuses another state, and what is no agent's id", () => {
  expect(errorOf(() => idsFor({ state: "lost" })).message).toBe("state must be one of open, ended, all");
  expect(errorOf(() => idsFor({ agent: "a b" })).code).toBe("agent_id_invalid");
});
