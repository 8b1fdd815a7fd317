// Somebody who sits at an agent's terminal over HTTP: what they see, whose keys count, and what is refused.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { NamedToken } from "../../../../src/domain/access/token-scopes.ts";
import { hostTerminal } from "../../../support/hosted-terminal.ts";
import { until } from "../../../support/wait-for.ts";
import { type EventReader, partsUntil, readEvents } from "../../event-reader.ts";
import { errorOf, startTestApp, type TestApp } from "../../test-app.ts";

const operators = "first-token-of-more-than-32-characters";
const scoped = (name: string, ...scopes: NamedToken["scopes"]): NamedToken => ({
  ...{ name, scopes, created_at: "2026-01-01T00:00:00Z" },
});
const named: Readonly<Record<string, NamedToken>> = {
  typist: scoped("typist", "read", "type"),
  reader: scoped("reader", "read"),
};

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp({
    access: {
      ...{ token: () => operators, onRotated: () => () => undefined, findNamed: (token) => named[token] },
      ...{ instance: "this-run", port: 3000, secure: false, now: () => new Date() },
    },
  });
});
afterAll(() => web[Symbol.asyncDispose]());

const send = async (path: string, init: RequestInit = {}, token = operators) =>
  await web.app.request(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

async function sit(id: string, token?: string) {
  const events = readEvents(await send(`/api/agents/${id}/typing`, {}, token));
  const { data } = await events.next("hello");
  const viewer: string = data.viewer;
  const keyboard = async (body: object, { as = token, to = id, headers = {} } = {}) =>
    await send(
      `/api/agents/${to}/keyboard`,
      { method: "POST", headers, body: JSON.stringify({ viewer, ...body }) },
      as,
    );
  const act = async (body: object) => (await (await keyboard(body)).json()) as Record<string, unknown>;
  return { events, viewer, keyboard, act, [Symbol.asyncDispose]: () => events[Symbol.asyncDispose]() };
}

async function screenWith(events: EventReader, isWanted: (data: Record<string, unknown>) => boolean) {
  for (;;) {
    const { data } = await events.next("screen");
    if (isWanted(data)) return data;
  }
}

test("whoever sits there sees the screen and what changes, types after taking the keyboard, and leaves it with the stream", async () => {
  await web.heartbeat("ada", { session_mode: "terminal" });
  using terminal = await hostTerminal(web.bus, "ada", { hasWindow: false });
  terminal.write("before\r\n\u001b]0;a title\u0007");
  await using lea = await sit("ada", "typist");
  {
    await using kim = await sit("ada");
    expect((await kim.events.next("link")).data).toEqual({ ready: true });
    const first = await screenWith(kim.events, () => true);
    expect(first).toMatchObject({ columns: 30, rows: 4, whole: true, cursor: { row: 1, column: 0 } });
    expect(first.lines).toMatchObject([
      { row: 0, runs: [{ text: "before" }] },
      { row: 1 },
      { row: 2 },
      { row: 3 },
    ]);

    // Nobody types without asking.
    expect(await kim.act({ act: "type", keys: "x" })).toEqual({
      ...{ agent_id: "ada", taken: false, why: "the keyboard was not asked for" },
    });
    expect(await kim.act({ act: "take", columns: 40, rows: 5 })).toEqual({ agent_id: "ada", taken: true });
    expect(await kim.act({ act: "type", keys: "hello\r" })).toEqual({ agent_id: "ada", taken: true });
    expect(terminal.typed()).toBe("hello\r");
    await screenWith(
      kim.events,
      ({ typist }) => (typist as { is_you?: boolean } | undefined)?.is_you === true,
    );
    await screenWith(lea.events, ({ columns, rows }) => columns === 40 && rows === 5);
    terminal.write("after");
    expect(
      await screenWith(lea.events, ({ lines }) => JSON.stringify(lines).includes("after")),
    ).toMatchObject({
      ...{ whole: false, typist: { name: "kim (page)", is_you: false } },
      lines: [{ row: 1, runs: [{ text: "after" }, { text: " ", is: ["cursor"] }] }],
    });

    // Taking over is asked for.
    expect(await lea.act({ act: "take" })).toMatchObject({
      taken: false,
      why: "kim (page) types there",
      typist: "kim (page)",
    });
    expect(await lea.act({ act: "take", over: true })).toMatchObject({ taken: true });
    expect(await kim.act({ act: "type", keys: "late" })).toMatchObject({
      taken: false,
      typist: "typist (token)",
    });
  }
  expect(await lea.act({ act: "type", keys: "y" })).toMatchObject({ taken: true });
  expect(await lea.act({ act: "leave" })).toMatchObject({ taken: true });
  expect(terminal.typed()).toBe("hello\ry");
  expect(terminal.told).toEqual([
    "kim (page) types at its terminal",
    "kim (page) typed 6 characters at its terminal",
    "typist (token) types at its terminal, and took the keyboard from kim (page)",
    "typist (token) typed 1 character at its terminal",
  ]);
});

test("the keyboard of a stream is for whoever opened it, at that agent, while it is open", async () => {
  await web.heartbeat("bob", { session_mode: "terminal" });
  await web.heartbeat("eve", { session_mode: "terminal" });
  using terminal = await hostTerminal(web.bus, "bob");
  const kim = await sit("bob");
  await screenWith(kim.events, () => true);
  const take = { act: "take" };
  for (const other of [{ as: "typist" }, { to: "eve" }]) {
    const refused = await kim.keyboard(take, other);
    expect([refused.status, (await errorOf(refused)).code]).toEqual([403, "refused"]);
  }
  expect(await errorOf(await kim.keyboard(take, { as: "reader" }))).toMatchObject({
    message: 'the token "reader" may not POST /api/agents/bob/keyboard: it has the scope read',
    hint: "make one that may: cliai token add NAME --scope type",
  });
  // Nor does it take a seat, of which a host has few.
  for (const path of ["/api/agents/bob/typing", "/agents/bob/terminal/type"]) {
    const refused = await send(path, {}, "reader");
    expect([path, refused.status]).toEqual([path, 403]);
    await refused.body?.cancel();
  }
  const foreign = await kim.keyboard(take, { headers: { origin: "https://evil.example" } });
  expect([foreign.status, (await errorOf(foreign)).message]).toEqual([
    403,
    "a page of https://evil.example must not change anything here",
  ]);
  for (const [body, message] of [
    [{ act: "paint" }, "act must be one of take, type, leave"],
    [{ act: "type", keys: "x".repeat(100_001) }, "keys is longer than 100000 characters"],
    [{ act: "take", columns: 0, rows: 5 }, "columns is below 1"],
    [{ act: "take", name: "operator" }, 'unknown field "name"'],
  ] as const)
    expect((await errorOf(await kim.keyboard(body))).message).toContain(message);
  expect(await kim.act(take)).toMatchObject({ taken: true });
  await kim[Symbol.asyncDispose]();
  await until("its keyboard is free", async () => (await kim.keyboard(take)).status === 403);
  await using again = await sit("bob");
  await screenWith(again.events, () => true);
  expect(await again.act(take)).toMatchObject({ taken: true });
  expect(terminal.typed()).toBe("");
});

test("whoever may not type is told why; an end of the program ends nothing but says so", async () => {
  await web.heartbeat("carl", { session_mode: "terminal" });
  using terminal = await hostTerminal(web.bus, "carl", {
    whyNotType: "nobody may: the server has no credentials",
  });
  await using kim = await sit("carl");
  await screenWith(kim.events, () => true);
  expect(await kim.act({ act: "take" })).toEqual({
    ...{ agent_id: "carl", taken: false, why: "nobody may: the server has no credentials" },
  });
  terminal[Symbol.dispose]();
  await kim.events.next("end");
});

test("the stream of a page has both: what the terminal shows, and what changes around it", async () => {
  await web.heartbeat("pia", { session_mode: "terminal" });
  using terminal = await hostTerminal(web.bus, "pia", { hasWindow: true });
  const html = await (await send("/agents/pia/terminal/type")).text();
  const stream = /data-stream="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
  expect(stream).toStartWith("/api/agents/pia/typing?");
  await using events = readEvents(await send(stream));
  expect((await events.next("hello")).data).toMatchObject({
    ...{ viewer: expect.any(String), assets: expect.any(String), now: expect.any(String) },
  });
  terminal.write("shown");
  await screenWith(events, ({ lines }) => JSON.stringify(lines).includes("shown"));
  await web.heartbeat("pia", { session_mode: "terminal", status: "blocked" });
  const { head } = await partsUntil(events, {
    head: /^<div id="type-head".*needs-you|^<div id="type-head".*attention/s,
  });
  expect(head).toContain("What it needs, on its page");
  // A program that sits there gets no markup.
  await using program = await sit("pia");
  await screenWith(program.events, () => true);
});
