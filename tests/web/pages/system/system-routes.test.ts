// The system page and its report, on a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { NodeView } from "../../../../src/domain/nodes/node-view.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { noteDropped } from "../../../../src/server/transcripts/dropped-entries.ts";
import { systemReportParts } from "../../../../src/web/pages/system/live-system.tsx";
import { waitFor } from "../../../support/wait-for.ts";
import { readEvents } from "../../event-reader.ts";
import { postJson, startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
let nodes: readonly NodeView[] = [];
beforeAll(async () => {
  web = await startTestApp({ listNodes: async () => nodes });
});
afterAll(() => web[Symbol.asyncDispose]());

async function text(path: string): Promise<string> {
  const html = await (await web.app.request(path, { headers: { accept: "text/html" } })).text();
  return html
    .replace(/<(head|svg)\b[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
}

const report = async () => (await (await web.app.request("/api/system")).json()) as Record<string, unknown>;

describe("the system page", () => {
  test("says that all is well, and what the streams hold", async () => {
    const shown = await text("/system");
    expect(shown).toContain("No alert is open.");
    expect(shown).toContain("Every agent has taken what it was sent.");
    expect(shown).toContain(`nats-server ${web.test.bus.serverVersion}, connected`);
    expect(shown).toMatch(/COMMANDS 0 0 B/);
    expect(shown).toContain("bucket agents");
    expect(shown).toContain("This server runs no checks.");
    expect(shown).toContain("No transcript has lost entries for want of room.");
    expect(await report()).toMatchObject({ health: { ready: true }, lag: [], alerts: [], malformed: [] });
  });

  test("and the transcript tab say what was dropped of a transcript for want of room, and since when", async () => {
    await web.heartbeat("eve");
    const entry = { kind: "answer", entry_id: "1", text: "the oldest that is left" };
    const { seq } = await web.test.bus.publishStored("agent.eve.transcript", entry);
    expect(await text("/agents/eve/transcript")).not.toContain("were dropped");
    const agent = parseAgentId("eve");
    await noteDropped(web.test.bus, { agent, bytes: 3_000_000, keptFrom: seq }, new Date());
    const shown = await text("/system");
    expect(shown).toContain("Dropped from the transcripts for want of room");
    expect(shown).toMatch(/eve : 2\.9 MiB, since (now|\d+ s ago)/);
    expect(await text("/agents/eve/transcript")).toMatch(
      /It begins with an entry from (now|\d+ s ago) \. The oldest entries \(2\.9 MiB\) were dropped (now|\d+ s ago)/,
    );
  });

  test("shows the machines that have joined, and none where none has", async () => {
    const hidden = /id="system-nodes"[^>]* hidden=""/;
    expect(await (await web.app.request("/system")).text()).toMatch(hidden);
    const node = { host: "box", may_launch: true, joined_at: new Date().toISOString() };
    const heard = { last_heard: new Date().toISOString(), version: "1.2.3" };
    nodes = [
      { ...node, name: "box", state: "here", agents: 1, ...heard },
      { ...node, name: "laptop", state: "away", ...heard },
      { ...node, name: "old", state: "away" },
    ];
    expect(await (await web.app.request("/api/nodes")).json()).toEqual(nodes as NodeView[]);
    expect(await report()).toMatchObject({ nodes: [{ name: "box" }, { name: "laptop" }, { name: "old" }] });
    expect(await (await web.app.request("/system")).text()).not.toMatch(hidden);
    const shown = await text("/system");
    expect(shown).toContain("Machines that have joined 3");
    expect(shown).toContain("box is here, with cliai 1.2.3; one agent runs there");
    expect(shown).toMatch(/laptop \(box\) is away , heard (now|\d+ s ago)/);
    expect(shown).toContain("old (box) is away , and was not heard since the server has started");
    nodes = [];
  });

  test("shows who is behind, with the age of the oldest item", async () => {
    await web.heartbeat("ada");
    for (const text of ["one", "two"])
      await postJson(web.app, "/api/agents/ada/commands", { type: "task", text });
    await web.viewOf("ada", ({ queued }) => queued === 2, "two tasks in the queue");
    expect(await text("/system")).toMatch(/ada has 2 unread, the oldest from (now|\d+ s ago)/);
    expect(await report()).toMatchObject({ lag: [{ agent_id: "ada", unread: 2, messages: 0 }] });
  });

  test("shows an alert with its cause and what to do, the message that cannot be read, and a count on every page", async () => {
    web.bus.publish("agent.ada.status", { status: 5, note: "<b>odd</b>" });
    await waitFor(() => web.test.server.alerts.open().length === 1, { what: "the alert" });
    await waitFor(async () => ((await report()).malformed as unknown[]).length === 1, { what: "the record" });
    const html = await (await web.app.request("/system")).text();
    expect(html).toContain("&lt;b&gt;odd&lt;/b&gt;");
    const shown = await text("/system");
    expect(shown).toContain("Messages cannot be read");
    expect(shown).toContain("correct the program that sends them");
    expect(shown).toContain("1 since the start");
    expect(await text("/")).toContain("System 1 thing needs attention");
  });

  test("updates the store's figures, the malformed messages and the checks of an open page, and folds nothing away", async () => {
    const facts = {
      ...{ server: web.test.server, doctor: undefined, newest: 0, now: () => new Date() },
      report: { asked: () => undefined, zone: "UTC" },
    };
    const parts = new Map((await systemReportParts(facts)).map(({ id, part }) => [id, String(part)]));
    const html = await (await web.app.request("/system")).text();
    for (const id of parts.keys()) expect(html).toContain(` id="${id}"`);
    expect(parts.get("system-store")).toContain("bucket agents");
    expect(parts.get("system-nats")).toContain("connected");
    expect(parts.get("malformed")).toMatch(/<li id="malformed-\d+"><details>/);
  });

  test("updates an open page when an alert comes, and names the page's own link", async () => {
    const html = await (await web.app.request("/system")).text();
    expect(html).toMatch(/<a id="system-link"[^>]* aria-current="page"/);
    const stream = /data-stream="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    await using events = readEvents(await web.app.request(stream ?? ""));
    web.bus.publish("agent.bob.status", { status: 6 });
    for (let shown = ""; !shown.includes("agent.bob.status"); ) {
      const { data } = await events.next("patch");
      shown = data.html.find((part: string) => part.includes('id="system-alerts"')) ?? "";
    }
  });

  test("without checks its button is refused, with what to do", async () => {
    const response = await postJson(web.app, "/api/system/checks", {});
    expect(response.status).toBe(403);
  });
});
