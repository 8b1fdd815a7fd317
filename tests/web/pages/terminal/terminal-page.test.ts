// The page of an agent's terminal, and its picture over the API; the agent's host is the test.
import { describe, expect, test } from "bun:test";
import { type ScreenFrame, WatchSchema } from "../../../../src/domain/screen/screen-messages.ts";
import { decodeMessage } from "../../../../src/domain/wire/decode.ts";
import { hostTerminal } from "../../../support/hosted-terminal.ts";
import { until } from "../../../support/wait-for.ts";
import { readEvents } from "../../event-reader.ts";
import { errorOf, startTestApp, type TestApp } from "../../test-app.ts";

const shown: Pick<ScreenFrame, "columns" | "rows" | "lines"> = {
  columns: 40,
  rows: 3,
  lines: [
    { row: 0, runs: [{ text: "<script>alert(1)</script>" }, { text: "&", fg: 1, is: ["bold"] }] },
    {
      row: 1,
      runs: [
        { text: "marked", fg: 2, is: ["inverse"] },
        { text: "black", fg: 0 },
        { text: "on grey", fg: 0, bg: 240 },
        { text: "_", is: ["cursor"] },
      ],
    },
  ],
};

/** Answers each request to watch with a whole frame, as the host of `ada` would. */
async function hostOf(web: TestApp) {
  let seq = 0;
  const watches: number[] = [];
  const send = (fields: Partial<ScreenFrame>) => {
    seq += 1;
    const frame = {
      kind: "frame",
      seq,
      has_window: false,
      instance_id: "run-1",
      whole: true,
      ...shown,
      ...fields,
    };
    web.bus.publish("agent.ada.screen", frame);
  };
  web.bus.subscribe("agent.ada.watch", ({ data }) => {
    const { for_s } = decodeMessage(WatchSchema, data);
    watches.push(for_s);
    if (for_s > 0) send({});
  });
  await web.bus.flush();
  return { send, watches };
}

const htmlOf = async (web: TestApp, path = "/agents/ada/terminal") =>
  await (await web.app.request(path)).text();

/** The page once these words are on it: where a host answers late, a page is given without its picture, and goes on asking. */
const htmlWith = (words: string, web: TestApp, path?: string) =>
  until(words, async () => {
    const html = await htmlOf(web, path);
    return html.includes(words) && html;
  });

describe("TerminalPage()", () => {
  test("shows the screen with classes for its colours, and no markup of the agent's own", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await hostOf(web);
    const html = await htmlWith("screen-row-0", web);
    expect(html).toContain(
      '<div id="screen-row-0" class="screen-row">&lt;script&gt;alert(1)&lt;/script&gt;<span class="f-1 bold">&amp;</span></div>',
    );
    expect(html).toContain(
      '<span class="f-page b-2">marked</span><span class="f-0">black</span><span class="f-16 b-240">on grey</span><span class="f-page b-text">_</span>',
    );
    expect(html).toContain('<div id="screen-row-2" class="screen-row"></div>');
    expect(html).toContain("40 × 3 · its window is closed; it runs on · nobody types from elsewhere");
    expect(html).toContain("cliai attach ada");
    expect(html).toContain('<a href="/agents/ada/terminal" aria-current="page">Terminal</a>');
    expect(html).not.toMatch(/style="|<script>/);
    const [style = ""] = /\/assets\/\w+\/terminal\.css/.exec(html) ?? [];
    const css = await htmlOf(web, style);
    expect(css).toContain(".f-255{color:#eeeeee}.b-255{background:#eeeeee}");
    expect(css).toContain(".f-33{color:#0087ff}");
  });

  test("while it is open, only the rows that change are sent; when it is closed, nobody watches any more", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    const { send, watches } = await hostOf(web);
    {
      await using events = readEvents(await web.app.request("/events?page=terminal&agent=ada"));
      const nextWith = async (text: string) => {
        for (;;) {
          const { data } = await events.next("patch");
          const parts: string[] = data.html.filter((part: string) => /id="(terminal|screen)/.test(part));
          if (parts.some((part) => part.includes(text))) return parts;
        }
      };
      await nextWith("marked");
      send({ whole: false, lines: [{ row: 2, runs: [{ text: "new words" }] }] });
      expect(await nextWith("new words")).toEqual([
        '<div id="screen-row-2" class="screen-row">new words</div>',
      ]);
      send({ whole: false, lines: [], typist: { viewer: "v-1", name: "eve" } });
      expect((await nextWith("eve types there")).length).toBe(1);
      // Another height is another screen.
      send({ rows: 2 });
      expect((await nextWith('id="terminal"')).join("")).not.toContain("screen-row-2");
    }
    await until("nobody watches", () => watches.at(-1) === 0);
  });

  test("has the rows that have left the screen, in steps, as they are when the page is loaded", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    using terminal = await hostTerminal(web.bus, "ada");
    terminal.write(Array.from({ length: 503 }, (_, row) => `row ${row}\r\n`).join(""));
    const more = '<a href="/agents/ada/terminal?older=200">Show the 200 rows above the screen</a>';
    const html = await htmlWith(more, web);
    expect(html).not.toContain("row 499");
    const stillMore = '<a href="/agents/ada/terminal?older=500">Show 200 more</a>';
    const older = await htmlWith(stillMore, web, "/agents/ada/terminal?older=300");
    expect(older).toContain("300 of 500 rows above the screen, as they were when this page was loaded.");
    const rows = [...older.matchAll(/<div class="screen-row">(.*?)<\/div>/g)].map(([, text]) => text);
    expect([rows.length, rows[0], rows.at(-1)]).toEqual([300, "row 200", "row 499"]);
    const all = await htmlWith("500 of 500 rows", web, "/agents/ada/terminal?older=1000");
    expect(all).not.toContain("more</a>");
    const json = await (await web.app.request("/api/agents/ada/screen?older=2")).json();
    expect(json).toMatchObject({
      older: { from: 498, text: "row 498\nrow 499" },
      text: "row 500\nrow 501\nrow 502",
    });
    const wrong = await web.app.request("/api/agents/ada/screen?older=2000");
    expect(await errorOf(wrong)).toMatchObject({
      code: "message_invalid",
      message: 'older "2000" is no number of rows',
    });
  });

  test("says why there is no picture, and what to do", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", { session_mode: "headless" });
    expect(await htmlOf(web)).toContain("ada runs without a terminal.");
    await web.heartbeat("ada");
    expect(await htmlOf(web)).toContain("No picture of the terminal of ada has come yet.");
    web.bus.publish("agent.ada.status", { status: "stopped" });
    await web.viewOf("ada", ({ status }) => status === "stopped", "it has stopped");
    const html = await htmlOf(web);
    expect(html).toContain("ada does not run, so there is no terminal to see.");
    expect(html).toContain("cliai resume ada --terminal");
  });

  test("of an unknown agent is an error", async () => {
    await using web = await startTestApp();
    expect((await web.app.request("/agents/nobody/terminal")).status).toBe(404);
  });
});

test("GET /api/agents/:id/screen has the text and the lines, or says that no host shows a terminal", async () => {
  await using web = await startTestApp();
  await web.heartbeat("ada");
  const none = await web.app.request("/api/agents/ada/screen");
  expect(none.status).toBe(409);
  expect(await errorOf(none)).toMatchObject({
    code: "no_terminal",
    message: 'no host shows a terminal of "ada"',
  });
  const { send } = await hostOf(web);
  const screen = () => web.app.request("/api/agents/ada/screen");
  await until("the picture", async () => (await screen()).status === 200);
  expect(await (await screen()).json()).toEqual({
    ...{ agent_id: "ada", columns: 40, rows: 3, has_window: false, instance_id: "run-1" },
    text: "<script>alert(1)</script>&\nmarkedblackon grey_",
    lines: [...shown.lines.map(({ runs }) => runs), []],
  });
  send({});
  expect((await web.app.request("/api/agents/nobody/screen")).status).toBe(404);
});
