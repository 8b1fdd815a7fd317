// The timeline and its addresses in the API, on a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitFor } from "../../../support/wait-for.ts";
import { partsUntil, readEvents } from "../../event-reader.ts";
import { startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
let said = 0;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

async function get(path: string): Promise<{ status: number; html: string; text: string }> {
  const response = await web.app.request(path, { headers: { accept: "text/html" } });
  const html = await response.text();
  const text = html
    .replace(/<(head|svg|select)\b[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
  return { status: response.status, html, text: text.replaceAll("&quot;", '"') };
}

async function tell(message: object, id = "ada"): Promise<number> {
  said += 1;
  return (
    await web.bus.publishStored(`agent.${id}.event`, { agent_id: id, generation: 1, seq: said, ...message })
  ).seq;
}

interface Line {
  readonly seq: number;
  readonly text: string;
  readonly what?: string;
  readonly took_ms?: number;
  readonly is_failure: boolean;
  readonly is_open?: true;
}
const lines = async (query: string) =>
  (await (await web.app.request(`/api/timeline?${query}`)).json()) as { lines: Line[]; older?: number };

describe("the timeline", () => {
  test("without history says so", async () => {
    expect((await get("/timeline")).text).toContain(
      "Nothing has happened yet. That is the beginning of the history.",
    );
  });

  test("shows a call as one line, and a failed one as failed, also to a screen reader", async () => {
    await tell({ kind: "tool_start", tool: "Bash", detail: "npm test", tool_use_id: "t1" });
    await tell({ kind: "tool_end", tool: "Bash", tool_use_id: "t1" });
    await tell({ kind: "tool_start", tool: "Bash", detail: "rm <b>x</b>", tool_use_id: "t2" });
    await tell({ kind: "tool_failed", tool: "Bash", detail: "exit code 1", tool_use_id: "t2" });
    const { text, html } = await get("/timeline");
    expect(text).toMatch(
      /ada failed: Bash rm &lt;b&gt;x&lt;\/b&gt; → exit code 1 \d\.\d s .*ada Bash npm test \d\.\d s/,
    );
    expect(html).not.toContain("<b>x</b>");
    expect(text).not.toContain("tool end");
  });

  test("finds by agent, kind, text and failure, and keeps the filter in its address", async () => {
    await tell({ kind: "said", detail: "all green" }, "bob");
    expect((await lines("agent=bob")).lines.map(({ text }) => text)).toEqual(["all green"]);
    expect((await lines("kind=said")).lines).toHaveLength(1);
    expect((await lines("failed=1")).lines).toMatchObject([
      { what: "Bash", text: "rm <b>x</b> → exit code 1" },
    ]);
    // The text is in the end of the call, but not in its beginning.
    expect((await lines("text=exit+code")).lines).toMatchObject([{ text: "rm <b>x</b> → exit code 1" }]);
    // The text is in the beginning of the call, but not in its end.
    expect((await lines("text=NPM")).lines).toMatchObject([
      { text: "npm test", took_ms: expect.any(Number) },
    ]);
    const { text, html } = await get("/timeline?agent=bob&text=red");
    expect(text).toContain('Nothing here fits agent "bob", text "red"');
    expect(html).toContain('value="red"');
  });

  test("pages by sequence: a call whose beginning and end are on two pages is one line, on the older one", async () => {
    const first = await tell({ kind: "tool_start", tool: "Grep", detail: "across", tool_use_id: "t9" });
    for (let i = 0; i < 6; i += 1) await tell({ kind: "activity", detail: `step ${i}` });
    await tell({ kind: "tool_end", tool: "Grep", tool_use_id: "t9" });
    const newest = await lines("limit=5");
    expect(newest.lines.map(({ text }) => text)).toEqual(["step 5", "step 4", "step 3", "step 2"]);
    const next = await lines(`limit=5&before=${newest.older}`);
    expect(next.lines.slice(0, 3)).toMatchObject([
      { text: "step 1" },
      { text: "step 0" },
      { seq: first, text: "across", took_ms: expect.any(Number) },
    ]);
    const { html } = await get("/timeline?limit=5&agent=ada");
    expect(html).toMatch(/href="\/timeline\?agent=ada&amp;before=\d+"[^>]*>Older/);
  });

  test("of one agent, and the raw records, are in the API; an order's token is not", async () => {
    await web.bus.publishStored("agent.ada.message", {
      message_id: "m1",
      from: "bob",
      text: "hi",
      token: "secret-token",
    });
    const own = async () => await (await web.app.request("/api/agents/ada/timeline?kind=message")).json();
    // AUDIT copies it from COMMANDS.
    await waitFor(async () => (await own()).lines.length === 1, { what: "the copy" });
    expect(await own()).toMatchObject({ lines: [{ kind: "message", from: "bob", text: "hi" }] });
    const raw = await (await web.app.request("/api/audit?kind=message")).text();
    expect(JSON.parse(raw)).toMatchObject({
      records: [{ subject: "agent.ada.message", message: { text: "hi" } }],
    });
    expect(raw).not.toContain("secret-token");
    expect((await web.app.request("/api/agents/nobody/timeline")).status).toBe(404);
  });

  test("open in a browser: a call gets its end in its place, and a new line is counted and moves nothing", async () => {
    const seq = await tell({ kind: "tool_start", tool: "Bash", detail: "slowly", tool_use_id: "t7" });
    const { html } = await get("/timeline?agent=ada");
    expect(html).toContain("Nothing new");
    const stream = /data-stream="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    await using events = readEvents(await web.app.request(stream));
    await tell({ kind: "tool_failed", tool: "Bash", detail: "gave up", tool_use_id: "t7" });
    await tell({ kind: "said", detail: "elsewhere" }, "bob");
    await tell({ kind: "said", detail: "a new line" });
    const { ended, counted } = await partsUntil(events, {
      ended: new RegExp(`^<li id="r${seq}" class="line failed of-one">.*slowly → gave up`),
      counted: /^<div id="timeline-new".*href="\/timeline\?agent=ada".*Show 1 new line</,
    });
    expect(ended).not.toContain("data-list");
    expect(counted).toContain('data-shows="timeline-new timeline-lines timeline-further"');
  });

  test("open in a browser with failures only: a call that began before the page was made is counted when it fails", async () => {
    await tell({ kind: "tool_start", tool: "Bash", detail: "late", tool_use_id: "t8" });
    // Another one, which began later, is on the page.
    await tell({ kind: "tool_start", tool: "Bash", detail: "early", tool_use_id: "t10" });
    await tell({ kind: "tool_failed", tool: "Bash", detail: "no", tool_use_id: "t10" });
    const { html } = await get("/timeline?failed=1");
    const stream = /data-stream="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    await using events = readEvents(await web.app.request(stream));
    await tell({ kind: "tool_failed", tool: "Bash", detail: "no", tool_use_id: "t8" });
    await partsUntil(events, { counted: /^<div id="timeline-new".*Show 1 new line</ });
  });

  test("does not count on a page of the past", async () => {
    for (const path of ["/timeline?before=5", "/timeline?until=2026-01-01"]) {
      const { html } = await get(path);
      expect(html).not.toContain("timeline-new");
      expect(html).toContain("/events?page=other");
    }
  });

  test("says what retention has removed, and since when", async () => {
    const manager = await web.bus.connection.jetstreamManager();
    await manager.streams.purge("AUDIT", { seq: 4 });
    expect((await get("/timeline")).text).toMatch(
      /Events before \d{4}-\d\d-\d\d \d\d:\d\d:\d\d were removed by retention \(30 d\)/,
    );
  });

  test("says on the page what is wrong with a filter, and keeps the others", async () => {
    const { status, text, html } = await get("/timeline?kind=tool_strat&text=npm");
    expect(status).toBe(400);
    expect(text).toContain('there is no kind of record "tool_strat"');
    expect(html).toContain('value="npm"');
    expect((await get("/timeline?since=soon")).text).toContain(
      'since "soon" is neither a time nor a duration',
    );
  });
});
