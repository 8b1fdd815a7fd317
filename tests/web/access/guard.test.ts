// What keeps other sites out, and what a browser is told it may do with our pages.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { hostsNamed, isOwnOrigin, isReading } from "../../../src/web/access/guard.ts";
import { commandsOf, errorOf, startTestApp, type TestApp } from "../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

const stop = (headers: HeadersInit) =>
  web.app.request("/api/agents/ada/commands", { method: "POST", headers, body: '{"type":"stop"}' });

describe("createGuard(): the header Host", () => {
  test.each(["localhost:3000", "127.0.0.1:3000", "127.0.0.1", "[::1]:3000", "LOCALHOST"])(
    "%s is ours",
    async (host) => {
      expect((await web.app.request("/api/agents", { headers: { host } })).status).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "evil.example:3000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.1@evil.example",
    "a b",
  ])("%s is refused, for reading too", async (host) => {
    for (const path of ["/", "/api/agents", "/events", "/healthz"]) {
      const response = await web.app.request(path, { headers: { host, accept: "application/json" } });
      expect(response.status).toBe(403);
      expect((await errorOf(response)).message).toContain(host);
    }
  });
});

describe("createGuard(): the header Origin", () => {
  test.each(["https://evil.example", "http://localhost:9999", "null", "http://127.0.0.1:3000"])(
    "%s may change nothing at localhost:3000",
    async (origin) => {
      const response = await stop({ host: "localhost:3000", origin });
      expect(response.status).toBe(403);
      expect((await errorOf(response)).code).toBe("refused");
      const form = await web.app.request("/agents/ada/commands", {
        method: "POST",
        headers: { host: "localhost:3000", origin, "content-type": "application/x-www-form-urlencoded" },
        body: "type=stop",
      });
      expect(form.status).toBe(403);
      expect(commandsOf(web.test, "ada")).toEqual([]);
    },
  );

  test("the page's own may, and a program that sends none", async () => {
    expect((await stop({ host: "localhost:3000", origin: "http://localhost:3000" })).status).toBe(202);
    expect((await stop({ host: "localhost:3000" })).status).toBe(202);
  });
});

describe("pageHeaders", () => {
  test("a page may run and load what is ours alone, and be framed by nobody", async () => {
    const { headers } = await web.app.request("/");
    expect(headers.get("content-security-policy")?.split("; ").sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "manifest-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
    ]);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("the page's own files are cached for ever under an address of their content", async () => {
    const html = await (await web.app.request("/")).text();
    const paths = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
    expect(paths.map((path) => path.split("/").at(-1)).sort()).toEqual([
      ...["icon-touch.png", "icon.svg", "manifest.webmanifest", "page.js", "style.css"],
    ]);
    for (const path of paths) {
      const response = await web.app.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect(response.headers.get("content-type")).toMatch(
        /^(text\/(javascript|css)|image\/(png|svg\+xml)|application\/manifest\+json)/,
      );
      expect((await web.app.request(path.replace(/[0-9a-f]{16}/, "0123456789abcdef"))).status).toBe(404);
    }
  });
});

describe("hostsNamed()", () => {
  const isOwn = hostsNamed(["Agents.example.org", "host-1"]);

  test.each([
    ...["agents.example.org", "host-1", "localhost", "127.0.0.1", "[::1]"],
    // DNS rebinding needs a name.
    ...["10.0.0.7", "192.168.1.20", "[fe80::1]"],
  ])("%s is ours", (host) => expect(isOwn(host)).toBe(true));

  test.each([
    "example.org",
    "agents.example.org.evil.example",
    "evil-agents.example.org",
    "",
    "10.0.0.7.evil.example",
  ])("%j is not", (host) => expect(isOwn(host)).toBe(false));
});

describe("isReading()", () => {
  test.each([
    ["GET", true],
    ["HEAD", true],
    ["OPTIONS", true],
    ["POST", false],
    ["DELETE", false],
    ["get", false],
  ])("of %s is %p", (method, is) => expect(isReading(method)).toBe(is));
});

describe("isOwnOrigin()", () => {
  const app = new Hono().all("*", (c) => c.json(isOwnOrigin(c)));
  const asked = async (headers: Record<string, string>, url = "http://localhost:3000/x") =>
    await (await app.request(url, { method: "POST", headers })).json();

  test("is true of a page at the very address that is asked", async () => {
    expect(await asked({ host: "localhost:3000", origin: "http://localhost:3000" })).toBe(true);
    expect(await asked({ origin: "http://localhost:3000" })).toBe(true);
    expect(await asked({ host: "LOCALHOST:80", origin: "http://localhost" })).toBe(true);
    const tls = "https://agents.example.org/x";
    expect(await asked({ host: "agents.example.org", origin: "https://agents.example.org" }, tls)).toBe(true);
  });

  test.each([
    {},
    { origin: "" },
    { origin: "null" },
    { origin: "https://localhost:3000" },
    { origin: "http://localhost:3001" },
    { origin: "http://127.0.0.1:3000" },
    { origin: "http://localhost:3000.evil.example" },
    { origin: "localhost:3000" },
  ])("is false of %j", async (headers) => {
    expect(await asked({ host: "localhost:3000", ...headers })).toBe(false);
  });
});
