// The description of the API: it describes every route of the app, and the app answers as it says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { buildOpenApi } from "../../../../src/web/api/described/openapi.ts";
import type { Operation } from "../../../../src/web/api/described/operation.ts";
import { refusalsOf } from "../../../../src/web/api/described/operation.ts";
import { operations } from "../../../../src/web/api/described/operations.ts";
import type { ChangesDesk } from "../../../../src/web/api/reports/changes-report.ts";
import { until } from "../../../support/wait-for.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
let requestId = "";
beforeAll(async () => {
  const answerLinks = { key: "k".repeat(43), mayAnswer: async () => true };
  const line = { kind: "added" as const, new: 1, text: "dig" };
  const file = { path: "a.txt", state: "added" as const, added: 1, deleted: 0, seen: "0..1" };
  const changes: ChangesDesk = {
    read: async ({ agent_id }) => ({
      ...{ agent_id, directory: "/work", root: "/work", branch: "main", head: "abc" },
      base: { name: "HEAD", commit: "abc", why: "last_commit" },
      files: [{ ...file, hunks: [{ old_start: 0, new_start: 1, heading: "", lines: [line] }] }],
      ...{ more_files: 0, added: 1, deleted: 0, shared_with: [], turns: [] },
    }),
    look: async ({ agent_id }) => ({
      ...{ agent_id, root: "/work", branch: "main", head: "abc", tree: "def", files: [file], more_files: 0 },
      ...{ is_merging: false, remote: { name: "origin", urls: ["https://example.org/a.git"] }, unpushed: [] },
      ...{ more_unpushed: 0, tool: "gh", seen: { commit: "1", push: "2", pull_request: "3" } },
    }),
    act: () => Promise.reject(new Error("nobody acts")),
  };
  web = await startTestApp({ answerLinks, changes });
  await web.heartbeat("ada", { current_task: "dig" });
  const call = { tool: "ask_human", arguments: { question: "may I?", wait_s: 0 } };
  const answer = await web.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
  requestId = JSON.parse(new TextDecoder().decode(answer)).result.request_id;
  await until("the request", () => web.test.server.requests.get(requestId) !== undefined);
  web.bus.publish("agent.ada.status", { status: 5 });
  await until("the alert", () => web.test.server.alerts.open().length === 1);
  await postJson(web.app, "/api/agents/ada/commands", { type: "task", text: "sweep" });
  await postJson(web.app, "/api/messages", { to: "ada", text: "hello" });
  await web.viewOf("ada", ({ queued }) => queued === 2, "the orders");
});
afterAll(() => web[Symbol.asyncDispose]());

const isForPrograms = (path: string) =>
  path.startsWith("/api/") || ["/healthz", "/readyz", "/metrics", "/openapi.json"].includes(path);
const pathOf = ({ path }: Operation) =>
  path.replace("{id}", path.startsWith("/api/requests") ? requestId : "ada");

test("buildOpenApi() describes every route of the app that is for programs, and no other", () => {
  const routes = web.app.routes
    .filter(({ method, path }) => method !== "ALL" && isForPrograms(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect(new Set(routes)).toEqual(
    new Set(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)),
  );
});

/** The addresses that belong to no row: what a page is made of, signing in, the device, and MCP. */
const besides =
  /^\/(assets|events|palette|offline|phone|bulk|mcp|login|pair|favicon|manifest|service-worker|icon|apple)/;

test("the table of docs/api.md has every page, and no other", () => {
  const table = readFileSync(join(import.meta.dirname, "../../../../docs/api.md"), "utf8");
  const named = [...table.matchAll(/^\| [^|]+ \| ([^|]+) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\/[^`]*)`/g)].map(([, path = ""]) => path),
  );
  const pages = web.app.routes
    .filter(({ method, path }) => method === "GET" && !isForPrograms(path) && !besides.test(path))
    .map(({ path }) => path.replace(/\/:tab\?$/, "").replaceAll(/:(\w+)/g, "ID"));
  expect(new Set(named)).toEqual(new Set(pages));
});

test("buildOpenApi() refers only to what it has, and names each operation once", () => {
  const text = JSON.stringify(buildOpenApi("1.2.3"));
  const document = JSON.parse(text);
  expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = ""]) => reference);
  expect(references.length).toBeGreaterThan(100);
  const isThere = (reference: string) =>
    reference
      .replace(/^#\//, "")
      .split("/")
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document) !==
    undefined;
  expect(references.filter((each) => !isThere(each))).toEqual([]);
  expect(text).not.toContain('"$schema"');
  expect(text).not.toContain('"$defs"');
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
});

test("GET /openapi.json has the schemas that check the requests", async () => {
  const document = await (await web.app.request("/openapi.json")).json();
  expect(document).toMatchObject({
    paths: {
      "/api/agents/{id}/commands": {
        post: {
          description: "Allowed for a token with the scope command.",
          requestBody: {
            content: {
              "application/json": {
                schema: {
                  required: ["type"],
                  additionalProperties: false,
                  properties: { type: { enum: ["stop", "pause", "resume", "task"] } },
                },
              },
            },
          },
        },
      },
      "/api/rules": { post: { description: "Allowed for only the operator's own token." } },
    },
  });
});

const readings = operations.filter(
  ({ method, id }) => method === "get" && !["sitAtTerminal", "agentScreen"].includes(id),
);

test.each(readings.map((each) => [each.path, each] as const))(
  "GET %s answers as described",
  async (_, operation) => {
    const response = await web.app.request(
      pathOf(operation) + (operation.id === "search" ? "?text=dig" : ""),
    );
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    const answer = operation.answers[response.status];
    if (answer === undefined) {
      // The app of this test has no search, and looks for no CLIs.
      expect(["search", "listClis"]).toContain(operation.id);
      expect(response.status).toBe(403);
      expect(refusalsOf(operation)).toContain(403);
      return;
    }
    expect(Object.keys(answer.content)).toContain(type);
    if (type !== "application/json") return await response.body?.cancel();
    const checked = v.safeParse(answer.content[type] ?? v.never(), await response.json());
    expect(checked.issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)).toBeUndefined();
  },
);

test("an agent without a terminal is told apart from a server that does not answer", async () => {
  const response = await web.app.request("/api/agents/ada/screen");
  expect([response.status, (await errorOf(response)).code]).toEqual([409, "no_terminal"]);
});

test("a method that a path does not take is answered with those that it takes", async () => {
  for (const [method, path, allow] of [
    ["DELETE", "/api/agents", "GET, HEAD, POST"],
    ["PUT", "/api/agents/ada", "GET, HEAD"],
    ["GET", "/api/agents/ada/commands", "POST"],
    ["POST", "/openapi.json", "GET, HEAD"],
    ["OPTIONS", "/metrics", "GET, HEAD"],
  ] as const) {
    const response = await web.app.request(path, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
    expect(await errorOf(response)).toMatchObject({
      code: "wrong_method",
      message: `${path} takes no ${method}`,
    });
  }
});
