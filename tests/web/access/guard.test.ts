// What keeps other sites out, and what a browser is told it may do with our pages.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { commandsOf, errorOf, startTestApp, type TestApp } from "../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

const stop = (headers: HeadersInit) =>
  web.app.request("/api/agents/ada/commands", { method: "POST", headers, body: '{"type":"stop"}' });

describe("Host", () => {
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

describe("Origin", () => {
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

describe("createGuard()", () => {
  test("a page may run and load what is ours alone, and be framed by nobody", async () => {
    const { headers } = await web.app.request("/");
    expect(headers.get("content-security-policy")?.split("; ").sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
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
    expect(paths.map((path) => path.split("/").at(-1)).sort()).toEqual(["page.js", "style.css"]);
    for (const path of paths) {
      const response = await web.app.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect(response.headers.get("content-type")).toMatch(/^text\/(javascript|css)/);
      expect((await web.app.request(path.replace(/[0-9a-f]{16}/, "0123456789abcdef"))).status).toBe(404);
    }
  });
});
