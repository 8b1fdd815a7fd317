// What a page marks for somebody whose token does not allow everything: a paired phone, and a token that can only read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type NamedToken,
  pairedScopes,
  scopesFor,
  type TokenScope,
} from "../../../../src/domain/access/token-scopes.ts";
import { TerminalPage } from "../../../../src/web/pages/terminal/terminal-page.tsx";
import { markupFor, whyMayNot } from "../../../../src/web/pages/viewer/viewer.tsx";
import { shownText } from "../../../support/shown-text.ts";
import { until, waitFor } from "../../../support/wait-for.ts";
import { partsUntil, readEvents } from "../../event-reader.ts";
import { startTestApp, type TestApp } from "../../test-app.ts";

const named = (name: string, scopes: readonly TokenScope[]): NamedToken => ({
  ...{ name, scopes, created_at: "2026-01-01T00:00:00Z", browser: true },
});
const phone = named("phone", pairedScopes);
const reader = named("tv", ["read"]);

describe("whyMayNot()", () => {
  test.each([
    [undefined, "POST", "/rules/revoke", undefined],
    [phone, "POST", "/bulk", undefined],
    [phone, "GET", "/agents/ada/terminal", undefined],
    [phone, "GET", "/agents/ada/terminal/type", "phone (token) may not do this: it needs the scope type."],
    [phone, "POST", "/rules/revoke", "phone (token) may not do this: only the operator's own browser may."],
    [reader, "POST", "/inbox/r-1", "tv (token) may not do this: it needs the scope answer."],
  ] as const)("of %p for %s %s", (viewer, method, path, why) => {
    expect(whyMayNot(viewer, method, path)).toBe(why);
  });
});

test("only the room of the viewer makes a form that posts, so that none is forgotten; the page that pairs a phone has no viewer yet", () => {
  const pages = join(import.meta.dirname, "../../../../src/web/pages");
  const files = readdirSync(pages, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".tsx"),
  );
  const having = files.filter((path) =>
    /method="post"|data-acts/.test(readFileSync(join(pages, path), "utf8")),
  );
  expect(having.map((path) => path.replaceAll("\\", "/")).sort()).toEqual([
    "device/pair-page.tsx",
    "viewer/act.tsx",
  ]);
});

describe("the pages", () => {
  let web: TestApp;
  beforeAll(async () => {
    const tokens = new Map([
      ["of-phone", phone],
      ["of-tv", reader],
    ]);
    web = await startTestApp({
      access: {
        ...{ token: () => "first-token-of-more-than-32-characters", onRotated: () => () => undefined },
        ...{ findNamed: (token) => tokens.get(token), now: () => new Date() },
        ...{ instance: "this-run", port: 3000, secure: false },
      },
    });
    const place = { config_name: "coder", project_path: "/work/shop", host: "mill" };
    const { heartbeat } = await web.heartbeat("ada", place);
    const args = { tool: "Bash", input: JSON.stringify({ command: "npm test" }), wait_s: 0 };
    const asked = { request_id: crypto.randomUUID(), tool: "request_permission", arguments: args };
    const run = { instance_id: heartbeat?.instance_id };
    await web.bus.request("tools.call.ada", { ...asked, ...run }, { timeoutMs: 60_000 });
    await web.heartbeat("bob");
    const numbers = { generation: 1, seq: 1, session_id: "s1" };
    web.bus.publish("agent.bob.event", { kind: "tool_start", tool: "Bash", detail: "make", ...numbers });
    web.bus.publish("agent.bob.status", { status: "crashed", message: "SIGKILL" });
    await web.viewOf("bob", ({ needs }) => needs[0]?.kind === "died", "its death");
    await until("the request", () => web.test.server.requests.open().length === 1);
    const [request] = web.test.server.requests.open();
    await web.test.server.requests.answer(request?.request_id ?? "", { approved: true }, "kim");
    const rule = { scope: "agent", project: "/work/shop", host: "mill" } as const;
    await web.test.server.rules.make(request?.request_id ?? "", rule, "kim");
    const again = { ...args, input: JSON.stringify({ command: "npm run lint" }) };
    const next = { request_id: crypto.randomUUID(), tool: "request_permission", arguments: again };
    await web.bus.request("tools.call.ada", { ...next, ...run }, { timeoutMs: 60_000 });
    await waitFor(() => web.test.server.requests.open().length === 1, { what: "the second request" });
  });
  afterAll(() => web[Symbol.asyncDispose]());

  const open = (token: string, path: string) =>
    Promise.resolve(web.app.request(path, { headers: { cookie: `cliai-3000=${token}` } }));
  const html = async (token: string, path: string) => await (await open(token, path)).text();
  const paths = ["/", "/inbox", "/rules", "/agents/ada", "/agents/bob", "/messages", "/bulk/stop", "/system"];

  /** The buttons that send a form, with its address and whether they are marked. */
  function* buttonsOf(markup: string) {
    for (const [, action = "", inner = ""] of markup.matchAll(
      /<form method="post" action="([^"]*)".*?>(.*?)<\/form>/gs,
    ))
      for (const [button] of inner.matchAll(/<button type="submit"[^>]*>/g))
        yield { action, isMarked: /data-off="[^"]*may not do this/.test(button) };
  }

  test.each([
    ["of-phone", phone],
    ["of-tv", reader],
  ] as const)("mark each button %s may not press, and no other", async (token, { scopes }) => {
    let buttons = 0;
    for (const path of paths)
      for (const { action, isMarked } of buttonsOf(await html(token, path))) {
        buttons += 1;
        const isAllowed = scopesFor("POST", action, true).some((scope) => scopes.includes(scope));
        expect([path, action, isMarked]).toEqual([path, action, !isAllowed]);
      }
    expect(buttons).toBeGreaterThan(10);
  });

  test("say to a phone why it removes no agent, makes and revokes no rule, and types nowhere", async () => {
    const inbox = shownText(await html("of-phone", "/inbox"));
    expect(inbox).toContain(
      "Only the operator&#39;s own browser removes agents. In a terminal: cliai agents remove bob",
    );
    expect(inbox).toContain(
      "It is approved only this once: only the operator&#39;s own browser makes a standing rule",
    );
    expect(await html("of-phone", "/inbox")).not.toMatch(/name="remember"|value="remove"/);
    const rules = shownText(await html("of-phone", "/rules"));
    expect(rules).toContain("To revoke one: phone (token) may not do this");
    const view = web.test.server.fleet.require("ada");
    const screen = { columns: 80, rows: 1, lines: [[]], hasWindow: true, run: "r" };
    // biome-ignore lint/suspicious/noExplicitAny: only what the page shows of it
    const page = TerminalPage({ view, screen: screen as any, asked: 0 });
    expect(shownText(markupFor(phone, page))).toContain(
      "To type there, in a terminal: cliai attach ada Copy To type on a page: phone (token) may not do this",
    );
    expect(markupFor(phone, page)).not.toContain("/terminal/type");
    expect(markupFor(undefined, page)).toContain('href="/agents/ada/terminal/type"');
  });

  test("are the same for the operator as before", async () => {
    const whole = (path: string) =>
      web.app.request(path, { headers: { authorization: "Bearer first-token-of-more-than-32-characters" } });
    const inbox = await (await whole("/inbox")).text();
    expect(inbox).toMatch(/name="remember"/);
    expect(inbox).toContain('value="remove"');
    expect(inbox).not.toContain("may not");
  });

  test("keep the marks in what is sent while they are open", async () => {
    await using events = readEvents(await open("of-phone", "/events?page=inbox"));
    const { inbox } = await partsUntil(events, { inbox: /^<div id="inbox"/ });
    expect(inbox).toContain("Only the operator");
    expect(inbox).not.toMatch(/name="remember"|value="remove"/);
  });
});
