import { describe, expect, test } from "bun:test";
import { createStartupHandler, httpUrl } from "../../../src/cli/serve/startup-handler.ts";
import { isLoopback } from "../../../src/domain/wire/own-address.ts";

const from = {} as Parameters<ReturnType<typeof createStartupHandler>["fetch"]>[1];

describe("createStartupHandler()", () => {
  test("answers the probe with its instance, and all else with 503, until the app is there and after its end", async () => {
    const handler = createStartupHandler("this-run");
    const ask = (path: string) => handler.fetch(new Request(`http://127.0.0.1:3000${path}`), from);
    const closed = async () => {
      expect(await (await ask("/healthz")).json()).toEqual({ ok: true, instance: "this-run" });
      for (const path of ["/", "/api/agents", "/readyz", "/healthz/x"]) {
        const answer = await ask(path);
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
        expect(await answer.json()).toMatchObject({ error: { code: "server_unreachable" } });
      }
    };
    await closed();
    handler.open({ fetch: async () => new Response("the app") });
    expect(await (await ask("/api/agents")).text()).toBe("the app");
    handler.close();
    await closed();
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.255.0.9", true],
  ["localhost", true],
  ["::1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["127.0.0.1.example", false],
  ["1127.0.0.1", false],
  ["localhost.example", false],
  ["", false],
])("isLoopback(): %s is %p", (host, is) => {
  expect(isLoopback(host)).toBe(is);
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:3000"],
  ["0.0.0.0", "http://127.0.0.1:3000"],
  ["::", "http://[::1]:3000"],
  ["::1", "http://[::1]:3000"],
  ["fe80::2", "http://[fe80::2]:3000"],
  ["fleet.example", "http://fleet.example:3000"],
])("httpUrl(): a socket at %s is reached at %s", (host, url) => {
  expect(httpUrl("http", host, 3000)).toBe(url);
});
