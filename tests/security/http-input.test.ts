// What a client may send: hostile JSON, forms and addresses are refused in a line or taken as the text they are, and the
// server answers the next as if nothing had been.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { commandsOf, errorOf, postJson, startTestApp, type TestApp } from "../web/test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

const commands = "/api/agents/ada/commands";
const deep = (levels: number, open: string, inner: string, close: string) =>
  open.repeat(levels) + inner + close.repeat(levels);

describe("a JSON body", () => {
  const refused: [what: string, body: string][] = [
    ["with a __proto__ of its own", '{"type":"stop","__proto__":{"force":true}}'],
    ["with a constructor", '{"type":"stop","constructor":{"prototype":{"force":true}}}'],
    ["nested 10,000 deep in lists", `{"type":"stop","x":${deep(10_000, "[", "1", "]")}}`],
    ["nested 10,000 deep in objects", deep(10_000, '{"type":', '"stop"', "}")],
    ["of a million brackets", "[".repeat(1_000_000)],
    ["with a type that is an object", '{"type":{"toString":"stop"}}'],
    ["with a list for an object", '[{"type":"stop"}]'],
    ["with NUL in an id", '{"type":"stop","command_id":"a\\u0000b"}'],
    ["with a line break in an id", '{"type":"stop","command_id":"a\\r\\nb"}'],
    ["with a number beyond all", '{"type":1e999}'],
    ["with a comment", '{"type":"stop"/**/}'],
    ["with two values", '{"type":"stop"}{"type":"stop"}'],
    ["of nothing", ""],
    ["of NUL", "\u0000"],
  ];
  test.each(refused)("%s is refused in one line", async (_, body) => {
    const before = commandsOf(web.test, "ada").length;
    const response = await postJson(web.app, commands, body);
    expect(response.status).toBe(400);
    const { message } = await errorOf(response);
    expect(message).not.toContain("\n");
    expect(message.length).toBeLessThan(300);
    expect(commandsOf(web.test, "ada").length).toBe(before);
    expect(({} as { force?: boolean }).force).toBeUndefined();
  });

  test("of bytes that are not UTF-8 does no harm", async () => {
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
    const response = await web.app.request(commands, { method: "POST", body });
    expect(response.status).toBe(400);
  });

  test("with lone surrogates, NUL and marks of direction arrives as the text it is, and the page shows it", async () => {
    const text = "a\\u0000b \\ud800 c \\udfff d \\u202e e";
    expect((await postJson(web.app, commands, `{"type":"task","text":"${text}"}`)).status).toBe(202);
    const view = await web.viewOf(
      "ada",
      (seen) => seen.commands.some(({ type }) => type === "task"),
      "the task",
    );
    expect(view.commands.at(0)?.summary).toContain("a");
    const page = await web.app.request("/agents/ada");
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("</html>");
  });

  test("of more than 8 MB is refused, whether it says its length or not", async () => {
    const huge = `{"type":"task","text":"${"x".repeat(8 * 1024 * 1024)}"}`;
    for (const headers of [{ "content-length": String(huge.length) }, {}] as HeadersInit[]) {
      const response = await web.app.request(commands, { method: "POST", headers, body: huge });
      expect(response.status).toBe(413);
    }
  });

  test("of any shape gets an answer with a status, and never a 500", async () => {
    const paths = [
      commands,
      "/api/heartbeat",
      "/agents/ada/commands",
      "/inbox/nothing",
      "/api/requests/nothing/answer",
      "/mcp/operator",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.string({ unit: "binary" }),
          fc
            .record(
              {
                type: fc.oneof(fc.constantFrom("stop", "pause", "resume", "task"), fc.jsonValue()),
                text: fc.jsonValue(),
                payload: fc.jsonValue(),
                command_id: fc.jsonValue(),
                agent_id: fc.oneof(fc.constant("ada"), fc.jsonValue()),
                status: fc.jsonValue(),
                interval_s: fc.jsonValue(),
              },
              { requiredKeys: [] },
            )
            .map((body) => JSON.stringify(body)),
        ),
        fc.constantFrom(...paths),
        fc.constantFrom(
          "application/json",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "text/plain",
        ),
        async (body, path, type) => {
          const headers = { "content-type": type, accept: "application/json" };
          const response = await web.app.request(path, { method: "POST", headers, body });
          expect(response.status).toBeLessThan(500);
          if (response.status >= 400) expect((await errorOf(response)).message).not.toBe("");
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("no address gets at a file, at another agent, or at a stack", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.webPath(),
        fc.constantFrom(
          "/assets/../../../etc/passwd",
          "/assets/%2e%2e/%2e%2e/etc/passwd",
          "/assets/x/..%2f..%2fetc%2fpasswd",
          "/agents/..%2f..%2fkeys%2fhttp-token",
          "/agents/%00",
          "/agents/__proto__",
          "/agents/constructor",
          "/api/agents/__proto__",
          "/api/agents/toString",
          "/api/agents/%E0%A4%A",
          "/api/agents/%ff%fe",
          `/api/agents/${"a".repeat(8_000)}`,
        ),
      ),
      async (path) => {
        const response = await web.app.request(
          `http://127.0.0.1:3000${path.startsWith("/") ? path : `/${path}`}`,
        );
        expect(response.status).toBeLessThan(500);
        const text = response.headers.get("content-type")?.startsWith("text/event-stream")
          ? ""
          : await response.text();
        expect(text).not.toMatch(/root:x:0|\bat \S+ \(|node_modules|src\/web/);
      },
    ),
    { numRuns: 200 },
  );
});

test("no header makes a stream fail", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "grapheme-ascii", maxLength: 60 }).map((text) => text.replace(/[^\x21-\x7e]/g, "")),
      async (lastEventId) => {
        const headers = { "last-event-id": lastEventId };
        const response = await web.app.request("/api/events", { headers });
        expect(response.status).toBe(200);
        await response.body?.cancel();
      },
    ),
    { numRuns: 100 },
  );
});
