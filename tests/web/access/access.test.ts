// What lets a request in, over bare Hono. That every route of the app is behind it: tests/security/http-access.test.ts.
import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { type AccessOptions, createAccess, isOpenPath, loginPath } from "../../../src/web/access/access.ts";

const own = { host: "127.0.0.1:3000" };
const wholeToken = "a-token-of-more-than-32-characters-x";

function doorOf(more: Partial<AccessOptions> = {}) {
  const options: AccessOptions = {
    token: () => wholeToken,
    onRotated: () => () => undefined,
    instance: "this-run",
    port: 3000,
    secure: false,
    now: () => new Date(),
    ...more,
  };
  const { check, login } = createAccess(options);
  const app = new Hono();
  app.use(check);
  app.route("/", login);
  app.all("/inside", (c) => c.text("in"));
  app.get("/healthz", (c) => c.text("open"));
  app.onError((error, c) => {
    if (!(error instanceof CliaiError)) throw error;
    return c.text(error.code, error.code === "too_many_tries" ? 429 : 401);
  });
  const ask = async (path: string, headers: Record<string, string> = {}, method = "GET") =>
    await app.request(path, { method, headers: { ...own, ...headers } });
  const signIn = async () => {
    const answer = await ask(loginPath(wholeToken, "this-run", options.now()));
    return { answer, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
  };
  return { ask, signIn };
}

describe("createAccess()", () => {
  test.each([
    [`Bearer ${wholeToken}`, 200],
    [`bearer ${wholeToken}`, 200],
    [`Bearer   ${wholeToken}`, 200],
    [`Bearer ${wholeToken.slice(0, -1)}`, 401],
    [`Bearer ${wholeToken}x`, 401],
    [wholeToken, 401],
    [`Basic ${btoa(`user:${wholeToken}`)}`, 401],
    ["Bearer", 401],
    ["", 401],
  ])("answers the header Authorization: %s with %d", async (authorization, status) => {
    expect((await doorOf().ask("/inside", { authorization })).status).toBe(status);
  });

  test("lets nobody in while there is no token, whatever they hold", async () => {
    let token: string | undefined = wholeToken;
    const door = doorOf({ token: () => token });
    const { cookie } = await door.signIn();
    expect((await door.ask("/inside", { cookie })).status).toBe(200);
    token = undefined;
    const held: Record<string, string>[] = [
      { cookie },
      { authorization: `Bearer ${wholeToken}` },
      { authorization: "Bearer undefined" },
      { authorization: "Bearer " },
    ];
    for (const headers of held) expect((await door.ask("/inside", headers)).status).toBe(401);
    expect((await door.signIn()).answer.status).toBe(401);
  });

  test("a cookie changes something only where the page's own origin is named", async () => {
    const door = doorOf();
    const { cookie } = await door.signIn();
    const post = async (headers: Record<string, string>) =>
      (await door.ask("/inside", { cookie, ...headers }, "POST")).status;
    expect(await post({ origin: `http://${own.host}` })).toBe(200);
    for (const origin of ["http://127.0.0.1:3001", "https://127.0.0.1:3000", "null", "http://evil.example"])
      expect(await post({ origin })).toBe(401);
    expect(await post({})).toBe(401);
  });

  test("a wrong token beside a good cookie is not let in: the header counts", async () => {
    const door = doorOf();
    const { cookie } = await door.signIn();
    expect((await door.ask("/inside", { cookie, authorization: "Bearer wrong" })).status).toBe(401);
  });

  test("a code signs in one browser, once, within ten minutes, at the run it was made for", async () => {
    let nowMs = Date.parse("2026-05-03T12:00:00Z");
    const door = doorOf({ now: () => new Date(nowMs) });
    const path = loginPath(wholeToken, "this-run", new Date(nowMs));
    expect((await door.ask(path, {}, "HEAD")).status).toBe(401);
    expect((await door.ask(path, { "sec-purpose": "prefetch;prerender" })).status).toBe(401);
    expect((await door.ask(path)).status).toBe(303);
    expect((await door.ask(path)).status).toBe(401);
    expect((await door.ask(loginPath(wholeToken, "another-run", new Date(nowMs)))).status).toBe(401);
    const late = loginPath(wholeToken, "this-run", new Date(nowMs));
    nowMs += 10 * 60_000;
    expect((await door.ask(late)).status).toBe(401);
  });

  test("over TLS the cookie is bound to its host and never sent in clear", async () => {
    const { answer } = await doorOf({ secure: true }).signIn();
    expect(answer.headers.get("set-cookie")).toMatch(/^__Host-cliai-3000=.*; Path=\/; HttpOnly; Secure/);
  });

  test("after 20 wrong tokens a client is told how long to wait; the right one is taken all the while", async () => {
    const door = doorOf();
    const statuses: number[] = [];
    for (let i = 0; i < 21; i += 1)
      statuses.push((await door.ask("/inside", { authorization: `Bearer ${i}` })).status);
    expect(statuses).toEqual([...Array<number>(20).fill(401), 429]);
    const answer = await door.ask("/inside", { authorization: "Bearer wrong" });
    expect(Number(answer.headers.get("retry-after"))).toBeWithin(1, 61);
    expect((await door.ask("/inside", { authorization: `Bearer ${wholeToken}` })).status).toBe(200);
  });
});

describe("isOpenPath()", () => {
  test.each([
    ["/healthz", true],
    ["/readyz", true],
    ["/login", true],
    ["/", false],
    ["/healthz/", false],
    ["/healthz/x", false],
    ["//healthz", false],
    ["/HEALTHZ", false],
    ["/metrics", false],
    ["/assets/", false],
  ])("%s: %p", (path, isOpen) => {
    expect(isOpenPath(path)).toBe(isOpen);
  });
});
