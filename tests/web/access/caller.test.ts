// What a program with a named token may do over HTTP: on every route, with each scope.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type NamedToken,
  scopesFor,
  type TokenScope,
  tokenScopes,
} from "../../../src/domain/access/token-scopes.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { isOpenPath } from "../../../src/web/access/access.ts";
import { until } from "../../support/wait-for.ts";
import { readEvents } from "../event-reader.ts";
import { commandsOf, errorOf, startTestApp, type TestApp } from "../test-app.ts";

const operators = "first-token-of-more-than-32-characters";
const named = new Map<string, NamedToken>();
let areReadable = true;
const findNamed = (token: string) => {
  if (areReadable) return named.get(token);
  throw new CliaiError("config_invalid", "cannot use keys/tokens/other.json", { hint: "remove it" });
};
let web: TestApp;
beforeAll(async () => {
  web = await startTestApp({
    access: {
      ...{ token: () => operators, onRotated: () => () => undefined, findNamed },
      ...{ instance: "this-run", port: 3000, secure: false, now: () => new Date() },
    },
  });
  await web.heartbeat("ada", { session_mode: "headless" });
});
afterAll(() => web[Symbol.asyncDispose]());

function tokenWith(...scopes: TokenScope[]): string {
  const token = `cliai_${crypto.randomUUID()}`;
  named.set(token, { name: "ci", scopes, created_at: new Date().toISOString() });
  return token;
}

const send = (token: string, method: string, path: string, body?: object) =>
  Promise.resolve(
    web.app.request(path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  );

const routes = () =>
  web.app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => [method, path.replaceAll(/:\w+(\{[^}]*\})?\??/g, "nobody")] as const)
    .filter(([, path]) => !isOpenPath(path));

describe("a named token", () => {
  test.each(tokenScopes)("with the scope %s gets no further than that, on every route", async (scope) => {
    const token = tokenWith(scope);
    for (const [method, path] of routes()) {
      if (scopesFor(method, path).includes(scope)) continue;
      const response = await send(token, method, path);
      expect([method, path, response.status]).toEqual([method, path, 403]);
      const asJson = path.startsWith("/api")
        ? ([method, path] as const)
        : (["POST", "/api/heartbeat"] as const);
      expect(await errorOf(await send(token, ...asJson))).toMatchObject({ code: "refused" });
    }
  });

  test("is refused with what it has and what it would need", async () => {
    const response = await send(tokenWith("read"), "POST", "/api/agents/ada/commands", { type: "stop" });
    expect(await errorOf(response)).toEqual({
      code: "refused",
      message: 'the token "ci" may not POST /api/agents/ada/commands: it has the scope read',
      hint: "make one that may: cliai token add NAME --scope command",
    });
    expect(commandsOf(web.test, "ada")).toEqual([]);
    expect((await send(tokenWith(), "GET", "/api/agents")).status).toBe(403);
  });

  test("reads, and signs what it orders with its name", async () => {
    expect((await send(tokenWith("read"), "GET", "/api/agents/ada")).status).toBe(200);
    // Whoever may see a terminal may see the rows that have left it.
    expect((await send(tokenWith("read"), "GET", "/agents/ada/terminal?older=200")).status).toBe(200);
    expect((await send(tokenWith("type"), "GET", "/agents/ada/terminal?older=200")).status).toBe(403);
    expect((await send(tokenWith("metrics"), "GET", "/metrics")).status).toBe(200);
    const order = { type: "task", text: "dig" };
    expect((await send(tokenWith("command"), "POST", "/api/agents/ada/commands", order)).status).toBe(202);
    await until("the order", () => commandsOf(web.test, "ada").length === 1);
    expect(commandsOf(web.test, "ada")).toMatchObject([{ from: "ci (token)" }]);
    const many = await send(tokenWith("command"), "POST", "/api/commands", {
      type: "pause",
      agents: ["ada"],
    });
    expect(many.status).toBe(202);
    await until("the second order", () =>
      commandsOf(web.test, "ada").some(({ type, from }) => type === "pause" && from === "ci (token)"),
    );
  });

  test("signs its answer to a request with its name", async () => {
    const call = { tool: "ask_human", arguments: { question: "may I?", wait_s: 0 } };
    const asked = await web.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
    const { result } = JSON.parse(new TextDecoder().decode(asked));
    const path = `/api/requests/${result.request_id}/answer`;
    expect((await send(tokenWith("read", "command"), "POST", path, { text: "yes" })).status).toBe(403);
    const answered = await send(tokenWith("answer"), "POST", path, { text: "yes" });
    expect(await answered.json()).toMatchObject({ answer: { by: "ci (token)" } });
  });

  test("that is no longer known is a wrong token, and ends the streams that it has opened", async () => {
    const token = tokenWith("read");
    const response = await send(token, "GET", "/api/events");
    expect(response.status).toBe(200);
    await using events = readEvents(response);
    await events.next();
    named.delete(token);
    await expect(
      (async () => {
        for (;;) await events.next();
      })(),
    ).rejects.toThrow("the stream has ended");
    expect((await send(token, "GET", "/api/agents")).status).toBe(401);
  });

  test("that cannot be looked up any more ends its streams, and nothing else", async () => {
    const token = tokenWith("read");
    await using events = readEvents(await send(token, "GET", "/api/events"));
    await events.next();
    areReadable = false;
    try {
      await expect(
        (async () => {
          for (;;) await events.next();
        })(),
      ).rejects.toThrow("the stream has ended");
      expect((await send(operators, "GET", "/api/agents")).status).toBe(200);
    } finally {
      areReadable = true;
    }
  });

  test("counts in the header alone", async () => {
    const token = tokenWith("read");
    for (const path of [`/api/agents?token=${token}`, `/login?code=${token}`])
      expect((await web.app.request(path)).status).toBe(401);
    const cookie = await web.app.request("/api/agents", { headers: { cookie: `cliai-3000=${token}` } });
    expect(cookie.status).toBe(401);
  });
});

test("POST /api/agents/:id/keys types nothing where there is no terminal, and checks its body", async () => {
  const token = tokenWith("type");
  const none = await send(token, "POST", "/api/agents/ada/keys", { keys: "y" });
  expect([none.status, (await errorOf(none)).message]).toEqual([409, 'no host shows a terminal of "ada"']);
  for (const body of [{}, { keys: "" }, { keys: 1 }, { keys: "y", more: 1 }, { keys: "y", over: "yes" }])
    expect((await send(token, "POST", "/api/agents/ada/keys", body)).status).toBe(400);
});
