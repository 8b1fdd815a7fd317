import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { arrange } from "../../../../src/web/pages/fleet/arrange.ts";
import { agesEveryMs, createFleetPatch } from "../../../../src/web/pages/fleet/fleet-patch.tsx";
import { parseFleetQuery } from "../../../../src/web/pages/fleet/fleet-query.ts";
import type { Layout } from "../../../../src/web/pages/fleet/layouts.ts";
import { madePage } from "../../../../src/web/pages/made-pages.ts";

const start = new Date("2026-01-01T05:00:30.000Z");
const after = (ms: number) => new Date(start.getTime() + ms);

function recordsOf(count: number): AgentRecord[] {
  const at = start.toISOString();
  return Array.from({ length: count }, (_, i) => ({
    ...{ agent_id: parseAgentId(`a${100 + i}`), first_seen: at, last_seen: at },
    ...{ commands: [], audit_seq: 0, commands_seq: 0, heartbeat: { at, interval_s: 3_600 } },
    said: { status: "working", at, since: at, source: "heartbeat" },
  }));
}

/** A page on which `records` are; `change` changes one of them and returns what the page is sent. */
function pageOf(count: number, search = "", { isKnown = false }: { isKnown?: boolean } = {}) {
  const params = new URLSearchParams(search);
  const query = parseFleetQuery((name) => params.get(name) ?? undefined);
  const layout: Layout = count > 12 ? "table" : "cards";
  const records = recordsOf(count);
  const views = (now: Date) => records.map((record) => viewAgent(record, now));
  const patch = createFleetPatch({
    query,
    layout,
    made: isKnown ? madePage("i-1", arrange(views(start), query)) : undefined,
    activityOf: () => [0, 1],
    spawnCommand: "",
    listening: [],
  });
  const ids = (changed: readonly number[]) => changed.flatMap((index) => records[index]?.agent_id ?? []);
  return {
    open: () => patch({ kind: "changed", ids: ids(records.map((_, i) => i)) }, views(start), start),
    wait: (now: Date) => patch(undefined, views(now), now),
    change(index: number, more: Partial<AgentRecord>, now: Date) {
      const record = records[index];
      if (record !== undefined) records[index] = { ...record, ...more };
      return patch({ kind: "changed", ids: ids([index]) }, views(now), now);
    },
  };
}

const blocked = (now: Date): Partial<AgentRecord> => ({
  said: { status: "blocked", at: now.toISOString(), since: now.toISOString(), source: "status" },
});

describe.each([
  ["cards", 3],
  ["a table", 20],
] as const)("createFleetPatch() of a page with %s", (_, count) => {
  test("an event that changes only when an agent last did something costs nothing until the times are due, and then only its time", () => {
    const page = pageOf(count);
    page.open();
    const heard = after(2_000);
    const change = page.change(1, { last_words: { text: "done", at: heard.toISOString() } }, heard);
    expect(change).toEqual({ html: [], gone: [], ages: {} });
    // A heartbeat is no action.
    page.change(2, { last_seen: heard.toISOString() }, heard);
    expect(page.wait(after(agesEveryMs + 3_000))).toEqual({
      ...{ html: [], gone: [] },
      ages: { a101: heard.toISOString() },
    });
    expect(page.wait(after(3 * agesEveryMs)).ages).toEqual({});
  });

  test("a change that is visible sends the agent alone, with the counts that changed", () => {
    const page = pageOf(count);
    page.open();
    const { html } = page.change(1, blocked(after(1_000)), after(1_000));
    expect(html.filter((part) => part.includes("data-agent"))).toHaveLength(1);
    const sent = html.map((part) => /id="([^"]+)"/.exec(part)?.[1]);
    expect(sent.filter((id) => id?.startsWith("count-"))).toEqual(["count-needs-you", "count-working"]);
    expect(sent).toContain("agent-a101");
  });
});

describe("createFleetPatch()", () => {
  test("an agent that no longer matches the filter is gone, and one that begins to match comes", () => {
    const page = pageOf(20, "?status=stuck");
    page.open();
    const came = page.change(1, blocked(start), start);
    expect(came.html.join("")).toContain('data-agent="a101"');
    expect(came.html.join("")).toContain("1 agent matches");
    const went = page.change(1, { said: undefined } as never, after(1_000));
    expect(went.gone).toEqual(["a101"]);
    expect(went.html.join("")).toContain("No agent matches");
  });

  test("of a page of which it is known with which agents it was made, only what has changed since is sent", () => {
    const made = pageOf(300, "", { isKnown: true });
    // One of the 200 that are listed goes to another group, so the first of the others comes.
    const { html, gone } = made.change(1, blocked(after(1_000)), after(1_000));
    expect(gone).toEqual([]);
    expect(html.flatMap((part) => /data-agent="([^"]+)"/.exec(part)?.[1] ?? [])).toEqual(["a101", "a300"]);
    expect(html.join("")).not.toContain('id="strip"');
    expect(made.change(2, { last_seen: start.toISOString() }, after(2_000)).html).toEqual([]);
    const back = made.change(1, recordsOf(2)[1] ?? {}, after(3_000));
    expect(back.gone).toEqual(["a300"]);
    // Of another page it is not known which of its agents the browser has.
    expect(pageOf(300).change(1, blocked(start), start).html.join("")).toContain('id="live"');
  });

  test("a new group sends the whole list", () => {
    const page = pageOf(20, "?group=machine");
    expect(page.open().html.join("")).toContain('id="live"');
    const { html } = page.change(1, { host: "m2" }, after(1_000));
    expect(html.join("")).toContain('id="list-m2"');
    expect(page.change(1, { host: "m2" }, after(2_000)).html).toEqual([]);
  });
});
