// A phone that is paired: from its code to what its cookie may do, on the real app.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type NamedToken, pairedScopes, scopesFor } from "../../../src/domain/access/token-scopes.ts";
import { type AccessOptions, isOpenPath, loginPath } from "../../../src/web/access/access.ts";
import { pairPath } from "../../../src/web/access/pairing.tsx";
import type { AwayAgents } from "../../../src/web/api/need-acts.ts";
import { until } from "../../support/wait-for.ts";
import { readEvents } from "../event-reader.ts";
import { commandsOf, startTestApp, type TestApp } from "../test-app.ts";

const operators = "first-token-of-more-than-32-characters";
const host = "127.0.0.1:3443";
const origin = `https://${host}`;
const tokens = new Map<string, NamedToken>();
let nowMs = Date.now();
let monotonicMs = 0;
const now = () => new Date(nowMs);
const removed: string[] = [];
const away: AwayAgents = {
  startAgain: async () => "started again",
  async remove(id) {
    removed.push(id);
  },
};
let web: TestApp;
beforeAll(async () => {
  const makeToken = async () => {
    const token = `cliai_${crypto.randomUUID()}`;
    const expires_at = new Date(nowMs + 90 * 86_400_000).toISOString();
    const facts = { name: "phone", scopes: pairedScopes, created_at: now().toISOString(), expires_at };
    tokens.set(token, { ...facts, browser: true });
    return { ...facts, token };
  };
  const access: AccessOptions = {
    ...{ token: () => operators, onRotated: () => () => undefined, now },
    ...{ findNamed: (token) => tokens.get(token), pairing: { makeToken } },
    ...{ instance: "this-run", port: 3443, secure: true, monotonicMs: () => monotonicMs },
  };
  web = await startTestApp({ access, away });
  await web.heartbeat("ada", { session_mode: "headless" });
});
afterAll(() => web[Symbol.asyncDispose]());

const ask = (path: string, headers: Record<string, string> = {}, method = "GET", body?: URLSearchParams) =>
  Promise.resolve(
    web.app.request(`https://${host}${path}`, {
      method,
      headers: { host, ...headers },
      ...(body && { body }),
    }),
  );
const codeOf = (path: string) => new URLSearchParams({ code: path.split("code=")[1] ?? "" });
const pair = (path = pairPath(operators, "this-run", now())) =>
  ask("/pair", { origin }, "POST", codeOf(path));
const cookieOf = (response: Response) => response.headers.get("set-cookie")?.split(";")[0] ?? "";

describe("a pairing code", () => {
  test("shows a button however often it is opened, and signs one browser in, once, with a cookie for this host over TLS", async () => {
    const path = pairPath(operators, "this-run", now());
    for (let times = 0; times < 2; times += 1) {
      const page = await ask(path);
      expect([page.status, page.headers.get("set-cookie")]).toEqual([200, null]);
      expect(await page.text()).toContain('action="/pair"');
    }
    const paired = await pair(path);
    expect([paired.status, paired.headers.get("location")]).toEqual([303, "/phone"]);
    const attributes = paired.headers.get("set-cookie")?.split("; ") ?? [];
    expect(attributes[0]).toMatch(/^__Host-cliai-3443=cliai_/);
    expect(attributes.slice(1).sort()).toEqual([
      ...["HttpOnly", "Max-Age=7776000", "Path=/", "SameSite=Strict", "Secure"],
    ]);
    const html = await (await ask("/phone", { cookie: cookieOf(paired) })).text();
    expect(html).toContain("cliai token revoke phone");
    const again = await pair(path);
    expect([again.status, again.headers.get("set-cookie")]).toEqual([403, null]);
    expect((await ask(path)).status).toBe(403);
  });

  test.each([
    ["of another run", pairPath(operators, "another-run", new Date())],
    ["of another token", pairPath(`${operators}x`, "this-run", new Date())],
    ["that is a login code", loginPath(operators, "this-run", new Date())],
    ["that is the token", `/pair?code=${operators}`],
    ["that is empty", "/pair?code="],
  ])("%s is refused", async (_, path) => {
    const made = tokens.size;
    const refused = await pair(path);
    expect([refused.status, refused.headers.get("set-cookie")]).toEqual([403, null]);
    expect((await ask(path.replace("/login", "/pair"))).status).toBe(403);
    expect(tokens.size).toBe(made);
  });

  test("is over after ten minutes, and signs nobody in as the operator", async () => {
    const path = pairPath(operators, "this-run", now());
    expect((await ask(path.replace("/pair", "/login"))).status).toBe(401);
    nowMs += 600_000;
    expect((await pair(path)).status).toBe(403);
  });

  test("from another site is not taken, and not used up", async () => {
    const path = pairPath(operators, "this-run", now());
    expect((await ask("/pair", { origin: "https://evil.example" }, "POST", codeOf(path))).status).toBe(403);
    expect((await pair(path)).status).toBe(303);
  });

  test("is guessed 20 times a minute at most; a body that is too large is cut off", async () => {
    const statuses: number[] = [];
    for (let times = 0; times < 30; times += 1) statuses.push((await pair("/pair?code=x")).status);
    expect([...new Set(statuses)].sort()).toEqual([403, 429]);
    monotonicMs += 60_000;
    const large = new URLSearchParams({ code: "x".repeat(5_000) });
    expect((await ask("/pair", { origin }, "POST", large)).status).toBe(413);
  });
});

describe("a paired browser", () => {
  const routes = () =>
    web.app.routes
      .filter(({ method, path }) => method !== "ALL" && !isOpenPath(path))
      .map(({ method, path }) => [method, path.replaceAll(/:\w+(\{[^}]*\})?\??/g, "nobody")] as const);

  test("reads, answers and orders, also by the forms, and signs them with its name; it cannot type", async () => {
    const cookie = cookieOf(await pair());
    for (const path of ["/", "/inbox", "/agents/ada", "/api/agents"])
      expect([path, (await ask(path, { cookie })).status]).toEqual([path, 200]);
    const stop = new URLSearchParams({ type: "stop" });
    expect((await ask("/agents/ada/commands", { cookie, origin }, "POST", stop)).status).toBe(303);
    await until("the order", () => commandsOf(web.test, "ada").length === 1);
    expect(commandsOf(web.test, "ada")).toMatchObject([{ type: "stop", from: "phone (token)" }]);
    expect((await ask("/api/agents/ada/keys", { cookie, origin }, "POST")).status).toBe(403);
    for (const [method, path] of routes()) {
      const isAllowed = scopesFor(method, path, true).some((scope) => pairedScopes.includes(scope));
      if (!isAllowed)
        expect([path, (await ask(path, { cookie, origin }, method)).status]).toEqual([path, 403]);
    }
  });

  test("removes no agent, and is told why on the page and in JSON; it starts one again", async () => {
    const cookie = cookieOf(await pair());
    const act = (what: string, accept: string) => {
      const form = new URLSearchParams({ act: what, agents: "ada" });
      return ask("/needs", { cookie, origin, accept }, "POST", form);
    };
    const page = await act("remove", "text/html");
    expect([page.status, await page.text()]).toEqual([
      403,
      expect.stringContaining("only the operator&#39;s own browser removes agents"),
    ]);
    const json = await act("remove", "application/json");
    expect([json.status, await json.json()]).toMatchObject([
      403,
      { error: { code: "refused", hint: "in a terminal: cliai agents remove ada" } },
    ]);
    expect(removed).toEqual([]);
    expect(await (await act("resume", "application/json")).json()).toMatchObject({
      said: "ada: started again.",
    });
  });

  test("is nobody for a page of another site, nor if its cookie is sent as a program's token", async () => {
    const cookie = cookieOf(await pair());
    const post = (headers: Record<string, string>) => ask("/agents/ada/commands", headers, "POST");
    expect((await post({ cookie })).status).toBe(401);
    expect((await post({ cookie, origin: "https://evil.example" })).status).toBe(403);
    const framed = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "iframe",
    };
    expect((await ask("/", { cookie, ...framed })).status).toBe(401);
    const bearer = { authorization: `Bearer ${cookie.split("=")[1]}` };
    expect((await ask("/api/agents", bearer)).status).toBe(401);
    tokens.set("cliai_program", { name: "ci", scopes: pairedScopes, created_at: "" });
    expect((await ask("/api/agents", { cookie: "__Host-cliai-3443=cliai_program" })).status).toBe(401);
  });

  test("is signed out when its token is revoked, and its streams end", async () => {
    const cookie = cookieOf(await pair());
    const stream = await ask("/events?page=inbox", { cookie });
    expect(stream.status).toBe(200);
    await using events = readEvents(stream);
    await events.next();
    tokens.clear();
    await expect(
      (async () => {
        for (;;) await events.next();
      })(),
    ).rejects.toThrow("the stream has ended");
    expect((await ask("/", { cookie })).status).toBe(401);
  });
});

test("without a pairing, nobody can be paired", async () => {
  await using other = await startTestApp({
    access: {
      ...{ token: () => operators, onRotated: () => () => undefined, now },
      ...{ instance: "this-run", port: 3000, secure: false },
    },
  });
  const local = { host: "127.0.0.1:3000" };
  const path = pairPath(operators, "this-run", now());
  expect((await other.app.request(path, { headers: local })).status).toBe(404);
  expect(
    (await other.app.request("/pair", { method: "POST", headers: local, body: codeOf(path) })).status,
  ).toBe(404);
});
