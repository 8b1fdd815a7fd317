// What a person reads who sends something wrong to an MCP path by hand, such as with curl. The codes are those of the SDK.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { inPlainWords } from "../../../src/web/mcp/plain-errors.ts";
import { type McpApp, operatorsToken, startMcpApp } from "./operator-client.ts";

let mcp: McpApp;
beforeAll(async () => {
  mcp = await startMcpApp();
});
afterAll(() => mcp[Symbol.asyncDispose]());

const list = { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} };
const initialize = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};
const modern = (protocolVersion: string) => {
  const fields = { protocolVersion, clientCapabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const meta = Object.entries(fields).map(([name, value]) => [`io.modelcontextprotocol/${name}`, value]);
  return { ...list, params: { _meta: Object.fromEntries(meta) } };
};
const headersOf = (version: string, method = "tools/list") => ({
  "mcp-protocol-version": version,
  "mcp-method": method,
});

interface Wrong {
  readonly status: number;
  readonly code: number;
  readonly says: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const wrong: readonly Wrong[] = [
  { status: 400, code: -32700, says: "the body is no JSON: {nope; send one JSON-RPC message", body: "{nope" },
  { status: 400, code: -32700, says: "the body is empty; send one JSON-RPC message", body: "" },
  { status: 400, code: -32600, says: 'the body is no JSON-RPC message: {"a":1}; send one', body: { a: 1 } },
  { status: 400, code: -32600, says: "; send initialize by itself", body: [initialize, list] },
  {
    ...{ status: 415, code: -32000, says: 'the content type "text/plain" is no JSON; send' },
    ...{ headers: { "content-type": "text/plain" }, body: initialize },
  },
  {
    ...{ status: 406, code: -32000, says: 'the header Accept is "text/html"; send Accept: application/json' },
    ...{ headers: { accept: "text/html" }, body: initialize },
  },
  {
    ...{
      status: 400,
      code: -32000,
      says: '"1999-01-01" is not known here; take one of 2026-07-28, 2025-11-25',
    },
    ...{ headers: { "mcp-protocol-version": "1999-01-01" }, body: list },
  },
  {
    ...{ status: 400, code: -32022, says: '"2027-01-01" is not known here; take one of' },
    ...{ headers: headersOf("2027-01-01"), body: modern("2027-01-01") },
  },
  {
    ...{ status: 400, code: -32020, says: "the Mcp-Method header names tools/call; send the same" },
    ...{ headers: headersOf("2026-07-28", "tools/call"), body: modern("2026-07-28") },
  },
  {
    ...{ status: 400, code: -32602, says: "the params lack _meta; " },
    ...{ headers: headersOf("2026-07-28"), body: list },
  },
  {
    ...{ status: 404, code: -32601, says: 'MCP has no method "tools/lisst" here; ' },
    ...{ headers: headersOf("2026-07-28", "tools/lisst") },
    body: { ...modern("2026-07-28"), method: "tools/lisst" },
  },
];

test.each(wrong)("$status $code says in one line: $says", async ({ status, code, says, headers, body }) => {
  const response = await mcp.web.app.request("/mcp/operator", {
    method: "POST",
    headers: {
      authorization: `Bearer ${operatorsToken}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const { error } = (await response.json()) as { error: { code: number; message: string } };
  expect([response.status, error.code]).toEqual([status, code]);
  expect(error.message).toContain(says);
  expect(error.message).toMatch(/^[^\n]+; [^\n]+$/);
});

test("inPlainWords() keeps the data of an error, by which clients choose another version, and shows no secret", async () => {
  const data = { supported: ["2026-07-28"], requested: "2027-01-01" };
  const error = { code: -32022, message: "Unsupported protocol version: 2027-01-01", data };
  const refused = Response.json({ jsonrpc: "2.0", error, id: 7 }, { status: 400 });
  const told = await inPlainWords(refused, { headers: new Headers(), body: "" });
  expect(await told.json()).toMatchObject({ jsonrpc: "2.0", id: 7, error: { code: -32022, data } });

  const broken = Response.json(
    { jsonrpc: "2.0", error: { code: -32700, message: "Parse error" } },
    { status: 400 },
  );
  const body = `{"authorization": "Bearer cliai_${"a".repeat(43)}"`;
  expect(await (await inPlainWords(broken, { headers: new Headers(), body })).text()).not.toContain("aaaa");
});

test("inPlainWords() leaves a good answer as it is", async () => {
  const good = Response.json({ result: {} });
  expect(await inPlainWords(good, { headers: new Headers(), body: "" })).toBe(good);
});
