// Who gets into the page and the API: each route without a token, with a wrong one, from another site, and after a rotation.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { type AccessOptions, isOpenPath, loginPath } from "../../src/web/access/access.ts";
import { buildProof } from "../../src/web/access/signed-codes.ts";
import { assetPath } from "../../src/web/assets.ts";
import { readEvents } from "../web/event-reader.ts";
import { commandsOf, errorOf, startTestApp, type TestApp } from "../web/test-app.ts";

const host = "127.0.0.1:3000";
const own = `http://${host}`;
const first = "first-token-of-more-than-32-characters";
const second = "second-token-of-more-than-32-characters";
const cookieName = "cliai-3000";

let token: string | undefined = first;
let clock: Date | undefined;
let monotonicMs = 0;
const listeners = new Set<() => void>();
const access: AccessOptions = {
  token: () => token,
  onRotated: (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  instance: "this-run",
  port: 3000,
  secure: false,
  now: () => clock ?? new Date(),
  monotonicMs: () => monotonicMs,
};

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp({ access });
  await web.heartbeat("ada");
});
/** The wrong tokens of one test do not count in the next, because a minute has gone. */
afterEach(() => {
  monotonicMs += 60_000;
});
afterAll(() => web[Symbol.asyncDispose]());

type Headers_ = Readonly<Record<string, string>>;

const get = (path: string, headers: Headers_ = {}, method = "GET", from = "10.0.0.1") =>
  Promise.resolve(web.app.request(path, { method, headers: { host, ...headers } }, { remoteAddress: from }));
const stop = (headers: Headers_) =>
  Promise.resolve(
    web.app.request("/api/agents/ada/commands", {
      method: "POST",
      headers: { host, ...headers },
      body: '{"type":"stop"}',
    }),
  );
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const cookieOf = (response: Response) => response.headers.get("set-cookie")?.split(";")[0] ?? "";
const signIn = async (from = token ?? "") => cookieOf(await get(loginPath(from, "this-run", access.now())));

/** Each route that the app itself has, but the open ones; a name in an address stands for an agent that there is. */
function routesOfApp(): [method: string, path: string][] {
  const own = web.app.routes.filter(({ method }) => method !== "ALL");
  const addresses = own.flatMap(({ method, path }) => {
    // A part that may be left out makes two addresses.
    const paths = [path.replace(/\/:\w+\?$/, ""), path];
    return paths.map((each) => `${method} ${each.replaceAll(/:\w+(\{[^}]*\})?\??/g, "ada")}`);
  });
  return [...new Set(addresses)]
    .map((address) => address.split(" ") as [string, string])
    .filter(([, path]) => !isOpenPath(path));
}

/** Ways round the routes there are, and those that are not there. */
const besides: [method: string, path: string][] = [
  ["HEAD", "/api/events"],
  ["OPTIONS", "/api/agents"],
  ["POST", "/mcp"],
  ["GET", "/api/nothing-here"],
  ["GET", "/nothing-here"],
  ["GET", assetPath("page.js")],
  ["GET", "//healthz"],
  ["GET", "/healthz/../api/agents"],
  ["GET", "/healthz%2f..%2fapi%2fagents"],
  ["GET", "/login/../api/agents"],
];

test("the routes of the app are those that a person would name", () => {
  const named = [
    "GET /",
    "GET /agents/ada",
    "GET /events",
    "GET /inbox",
    "GET /api/agents",
    "GET /api/agents/ada",
    "POST /api/agents/ada/commands",
    "GET /api/events",
    "GET /api/requests",
    "POST /api/requests/ada/answer",
    "POST /api/heartbeat",
  ];
  const all = routesOfApp().map((route) => route.join(" "));
  for (const name of named) expect(all).toContain(name);
});

describe("without a right to", () => {
  const claims: [what: string, headers: () => Headers_][] = [
    ["without a token", () => ({})],
    ["with a wrong token", () => bearer("x".repeat(43))],
    ["with an empty token", () => bearer("")],
    ["with a part of the token", () => bearer(first.slice(0, -1))],
    ["with the token as a cookie", () => ({ cookie: `${cookieName}=${first}` })],
    ["with another scheme", () => ({ authorization: `Basic ${btoa(`:${first}`)}` })],
    ["with the token in the address", () => ({})],
    ["with a stolen event id", () => ({ "last-event-id": `${web.test.server.instance}-1` })],
    [
      "with a session of another token",
      () => ({ cookie: `${cookieName}=${buildProof(second, "session", 60, new Date())}` }),
    ],
    [
      "with a session that has expired",
      () => ({ cookie: `${cookieName}=${buildProof(first, "session", -1, new Date())}` }),
    ],
    [
      "with a login code for a session",
      () => ({ cookie: `${cookieName}=${buildProof(first, "login this-run", 60, new Date())}` }),
    ],
  ];
  test.each(claims)("%s, every route answers 401 and tells nothing", async (what, headers) => {
    for (const [index, [method, path]] of [...routesOfApp(), ...besides].entries()) {
      const query = what.includes("address") ? `?token=${first}&access_token=${first}&code=${first}` : "";
      const response = await get(path + query, headers(), method, `${what} ${index}`);
      expect([method, path, response.status]).toEqual([method, path, 401]);
      expect(response.headers.get("set-cookie")).toBeNull();
      const body = await response.text();
      expect(body).not.toMatch(/ada|working|need you/);
      expect(body).not.toContain(first);
    }
  });

  test("programs get the error's shape, people a page that says how to sign in", async () => {
    const api = await get("/api/agents");
    expect(api.headers.get("www-authenticate")).toBe("Bearer");
    expect(await errorOf(api)).toMatchObject({
      code: "not_signed_in",
      hint: expect.stringContaining("Bearer"),
    });
    const page = await get("/", { accept: "text/html" });
    expect(page.status).toBe(401);
    const html = await page.text();
    expect(html).toContain("cliai token url");
    expect(html).not.toContain("<script");
  });

  test("the probes, the login and the style of its page are open", async () => {
    for (const path of ["/healthz", "/readyz", assetPath("style.css")])
      expect((await get(path)).status).toBe(200);
  });

  test("what is not there under an open address tells nothing either", async () => {
    for (const path of ["/healthz", "/login", assetPath("style.css")]) {
      const response = await get(path, { accept: "text/html" }, "POST");
      expect(response.status).toBe(path === "/healthz" ? 405 : 404);
      expect(await response.text()).not.toMatch(/need you|working|ada/);
    }
  });

  const rights: [what: string, headers: () => Promise<Headers_>][] = [
    ["the token", async () => bearer(first)],
    ["a session", async () => ({ cookie: await signIn() })],
    ["neither", async () => ({})],
  ];

  test.each(rights)("every route refuses a host that is not ours: with %s", async (_, headers) => {
    const right = await headers();
    for (const foreign of ["evil.example", "127.0.0.1.evil.example:3000", "localhost.evil.example"]) {
      for (const [method, path] of [...routesOfApp(), ...besides, ["GET", "/login"] as const]) {
        const response = await get(path, { ...right, host: foreign, origin: `http://${foreign}` }, method);
        expect([method, path, response.status]).toEqual([method, path, 403]);
        expect(await response.text()).not.toMatch(/need you|working|ada@/);
      }
    }
  });

  test("every route refuses a page of another site that sends our cookie, to read as well as to change", async () => {
    const cookie = await signIn();
    const before = commandsOf(web.test, "ada").length;
    for (const origin of ["https://evil.example", "http://127.0.0.1:9999", "null"]) {
      for (const [method, path] of [...routesOfApp(), ...besides]) {
        const response = await get(path, { cookie, origin }, method);
        expect([method, path, [401, 403].includes(response.status)]).toEqual([method, path, true]);
        expect(await response.text()).not.toMatch(/need you|working/);
      }
    }
    expect(commandsOf(web.test, "ada").length).toBe(before);
    expect((await get("/api/agents", { cookie, origin: own })).status).toBe(200);
  });

  test("a host that is not ours is told nothing of the fleet, with the token either", async () => {
    for (const headers of [{ host: "evil.example" }, { host: "evil.example", ...bearer(first) }]) {
      const response = await get("/", headers);
      expect(response.status).toBe(403);
      expect(await response.text()).not.toMatch(/need you|working|ada/);
    }
  });
});

describe("the token", () => {
  test("opens every route, whatever the case of its scheme", async () => {
    for (const scheme of ["Bearer", "bearer"]) {
      expect((await get("/api/agents", { authorization: `${scheme} ${first}` })).status).toBe(200);
    }
    expect((await get("/", bearer(first))).status).toBe(200);
    expect((await stop(bearer(first))).status).toBe(202);
  });

  test("does not open to another site's page, which cannot have it anyway", async () => {
    expect((await stop({ ...bearer(first), origin: "https://evil.example" })).status).toBe(403);
  });
});

describe("a sign-in", () => {
  test("sets a cookie that scripts cannot read and other sites cannot send, and leaves no code in the address", async () => {
    const response = await get(loginPath(first, "this-run", new Date()));
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/");
    const attributes = response.headers.get("set-cookie")?.split("; ").slice(1).sort();
    expect(attributes).toEqual(["HttpOnly", "Max-Age=604800", "Path=/", "SameSite=Strict"]);
    expect(response.headers.get("set-cookie")).not.toContain(first);
    const cookie = cookieOf(response);
    expect((await get("/", { cookie })).status).toBe(200);
    expect((await get("/api/agents", { cookie })).status).toBe(200);
  });

  test("takes each code once, and a HEAD request does not use it up", async () => {
    const path = loginPath(first, "this-run", new Date());
    expect((await get(path, {}, "HEAD", "checker")).status).toBe(401);
    expect((await get(path)).status).toBe(303);
    const again = await get(path, { accept: "text/html" });
    expect(again.status).toBe(401);
    expect(again.headers.get("set-cookie")).toBeNull();
    expect(await again.text()).toContain("cliai token url");
  });

  test.each([
    { "sec-purpose": "prefetch" },
    { "sec-purpose": "prefetch;prerender" },
    { purpose: "prefetch" },
    { "x-purpose": "preview" },
    { "x-moz": "prefetch" },
  ])("a preview (%o) signs nobody in, and does not use the code up", async (headers) => {
    const path = loginPath(first, "this-run", new Date());
    const preview = await get(path, headers as Record<string, string>, "GET", "previewer");
    expect(preview.status).toBe(401);
    expect(preview.headers.get("set-cookie")).toBeNull();
    expect(await preview.text()).toContain("A preview of this address signs nobody in");
    expect((await get(path)).status).toBe(303);
  });

  test.each([
    ["of another token", loginPath(second, "this-run", new Date())],
    ["of another run of serve", loginPath(first, "an earlier run", new Date())],
    ["older than ten minutes", loginPath(first, "this-run", new Date(Date.now() - 601_000))],
    ["that is the token", `/login?code=${first}`],
    ["that is a session", `/login?code=${buildProof(first, "session", 60, new Date())}`],
    ["that is empty", "/login?code="],
    ["that is missing", "/login"],
  ])("refuses a code %s", async (_, path) => {
    const response = await get(path, {}, "GET", path);
    expect(response.status).toBe(401);
    expect(response.headers.get("set-cookie")).toBeNull();
  });

  test("ends after a week", async () => {
    const cookie = await signIn();
    clock = new Date(Date.now() + 6 * 86_400_000);
    expect((await get("/api/agents", { cookie })).status).toBe(200);
    clock = new Date(Date.now() + 7 * 86_400_000 + 1_000);
    expect((await get("/api/agents", { cookie })).status).toBe(401);
    clock = undefined;
  });

  test("over TLS the cookie is Secure and bound to this host", async () => {
    await using tls = await startTestApp({ access: { ...access, secure: true } });
    const response = await tls.app.request(loginPath(first, "this-run", new Date()), { headers: { host } });
    expect(response.headers.get("set-cookie")).toMatch(/^__Host-cliai-3000=.*; Secure/);
  });
});

describe("the cookie", () => {
  test("changes something only from the page's own origin, which must be said", async () => {
    const cookie = await signIn();
    const before = commandsOf(web.test, "ada").length;
    for (const origin of [
      undefined,
      "null",
      "http://127.0.0.1:9999",
      "http://localhost:3000",
      "https://127.0.0.1:3000",
    ]) {
      const response = await stop({ cookie, ...(origin === undefined ? {} : { origin }) });
      expect([origin, [401, 403].includes(response.status)]).toEqual([origin, true]);
    }
    expect(commandsOf(web.test, "ada").length).toBe(before);
    expect((await stop({ cookie, origin: own })).status).toBe(202);
  });

  test("reads nothing for a page of another port, to which a browser sends it all the same", async () => {
    const cookie = await signIn();
    const fetched = {
      cookie,
      "sec-fetch-site": "same-site",
      "sec-fetch-mode": "no-cors",
      "sec-fetch-dest": "script",
    };
    expect((await get("/api/agents", fetched)).status).toBe(401);
    expect((await get("/api/events", { ...fetched, "sec-fetch-dest": "empty" })).status).toBe(401);
    const framed = { ...fetched, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
    expect((await get("/", framed)).status).toBe(401);
    const followed = { ...fetched, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await get("/", followed)).status).toBe(200);
  });
});

test("a rotation ends every session, code and open stream at once", async () => {
  const cookie = await signIn();
  const code = loginPath(first, "this-run", new Date());
  const streams = await Promise.all(
    ["/api/events", "/events?layout=cards"].map(async (path) => readEvents(await get(path, { cookie }))),
  );
  for (const stream of streams) await stream.next();
  expect(listeners.size).toBe(2);
  token = second;
  for (const listener of [...listeners]) listener();
  for (const stream of streams) {
    const ended = (async () => {
      for (;;) await stream.next();
    })();
    expect(ended).rejects.toThrow("the stream has ended");
    await ended.catch(() => undefined);
  }
  expect(listeners.size).toBe(0);
  expect((await get("/api/agents", { cookie })).status).toBe(401);
  expect((await get("/api/agents", bearer(first), "GET", "old"))?.status).toBe(401);
  expect((await get(code, {}, "GET", "old")).status).toBe(401);
  expect((await get("/api/agents", bearer(second))).status).toBe(200);
  token = first;
});

test("with no token to be read, nobody is let in", async () => {
  const cookie = await signIn();
  token = undefined;
  for (const headers of [{ cookie }, bearer("undefined"), bearer(""), bearer(first)]) {
    expect((await get("/api/agents", headers, "GET", "none")).status).toBe(401);
  }
  token = first;
});

describe("wrong tokens", () => {
  test("from one address are soon answered 429 with the time to wait; the right one is taken all the while", async () => {
    const tries = Array.from({ length: 25 }, () => get("/api/agents", bearer("wrong"), "GET", "192.0.2.1"));
    const responses = await Promise.all(tries);
    expect(responses.map(({ status }) => status)).toEqual([...Array(20).fill(401), ...Array(5).fill(429)]);
    const waitS = Number(responses.at(-1)?.headers.get("retry-after"));
    expect(waitS).toBeGreaterThan(0);
    expect(waitS).toBeLessThanOrEqual(60);
    expect((await get("/login?code=wrong", {}, "GET", "192.0.2.1")).status).toBe(429);
    expect((await get("/api/agents", bearer("wrong"), "GET", "192.0.2.2")).status).toBe(401);
    expect((await get("/api/agents", bearer(first), "GET", "192.0.2.1")).status).toBe(200);
  });

  test("from many addresses, too", async () => {
    await using many = await startTestApp({ access });
    const statuses = new Map<number, number>();
    for (let i = 0; i < 300; i += 1) {
      const init = { headers: { host, ...bearer("wrong") } };
      const { status } = await many.app.request("/api/agents", init, { remoteAddress: `192.0.2.${i}` });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 401: 200, 429: 100 });
  });
});

test("every answer, errors too, forbids sniffing, framing, caching and foreign scripts", async () => {
  const answers = [
    await get("/"),
    await get("/", bearer(first)),
    await get("/api/agents", bearer(first)),
    await get("/api/agents/nobody", bearer(first)),
    await get("/nothing", bearer(first)),
    await get("/login"),
    await get("/", { host: "evil.example" }),
    await get("/healthz"),
    await get(loginPath(first, "this-run", new Date())),
    await stop({ ...bearer(first), origin: "https://evil.example" }),
    await get("/api/agents/ada/commands", bearer(first), "POST"),
  ];
  for (const { headers } of answers) {
    expect(headers.get("content-security-policy")).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    );
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  }
});
