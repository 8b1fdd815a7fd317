import { expect, test } from "bun:test";
import {
  isTokenName,
  scopesFor,
  signatureOf,
  signatureOfOperator,
} from "../../../src/domain/access/token-scopes.ts";
import { isAgentId } from "../../../src/domain/wire/agent-id.ts";

test.each([
  ["GET", "/", ["read"]],
  ["HEAD", "/api/events", ["read"]],
  ["GET", "/metrics", ["metrics", "read"]],
  ["POST", "/metrics", []],
  ["POST", "/api/requests/r-1/answer", ["answer"]],
  ["POST", "/api/requests/r-1/answer/more", []],
  ["POST", "/api/agents/ada/commands", ["command"]],
  ["POST", "/api/agents/ada/keys", ["type"]],
  ["POST", "/api/agents/ada/keyboard", ["type"]],
  ["GET", "/api/agents/ada/typing", ["type"]],
  ["HEAD", "/api/agents/ada/typing", ["type"]],
  ["GET", "/agents/ada/terminal/type", ["type"]],
  ["GET", "/agents/ada/terminal", ["read"]],
  ["GET", "/api/agents/ada/screen", ["read"]],
  ["POST", "/api/agents", ["command"]],
  ["POST", "/api/commands", ["command"]],
  ["POST", "/api/commands/c-1/cancel", ["command"]],
  ["POST", "/api/agents/ada/tags", ["command"]],
  ["POST", "/api/agents/ada/resume", ["command"]],
  ["POST", "/api/messages", ["command"]],
  ["POST", "/api/system/checks", ["command"]],
  ["POST", "/api/agents/ada/remove", []],
  ["POST", "/api/agents/ada/tags/more", []],
  ["POST", "/api/command-line", []],
  ["POST", "/api/rules", []],
  ["POST", "/api/rules/r-1/revoke", []],
  ["POST", "/mcp", ["mcp"]],
  ["GET", "/mcp/operator", ["mcp"]],
  ["POST", "/mcpx", []],
  // The forms of the pages, and what a later version may add: the operator's alone.
  ["POST", "/agents/ada/commands", []],
  ["POST", "/api/heartbeat", []],
  ["POST", "/api/anything", []],
  ["DELETE", "/api/agents/ada", []],
  ["OPTIONS", "/api/agents", []],
])("scopesFor() of %s %s is %j", (method, path, scopes) => {
  expect(scopesFor(method, path)).toEqual(scopes as never);
});

test("isTokenName() accepts what can be the name of a file on every system", () => {
  for (const name of ["ci", "Grafana-2", "a_b", "x".repeat(32)]) expect(isTokenName(name)).toBe(true);
  for (const name of ["", "-x", "a.b", "a/b", "..", "x".repeat(33), "a b", "\u00fc"])
    expect(isTokenName(name)).toBe(false);
});

test("signatureOf() and signatureOfOperator() are no agent's id", () => {
  expect(signatureOfOperator("ada", "page")).toBe("ada (page)");
  expect(isAgentId(signatureOfOperator("ada", "page"))).toBe(false);
  expect(signatureOf({ name: "ada" })).toBe("ada (token)");
  expect(isAgentId(signatureOf({ name: "ada" }))).toBe(false);
});
