// When an open timeline reads again, and how much it reads, on a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTimelineReading } from "../../../../src/web/pages/timeline/live-timeline.tsx";
import { waitFor } from "../../../support/wait-for.ts";
import { startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
let said = 0;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

/** Tells an event of ada, and waits until the server knows of it. */
async function tell(message: object): Promise<number> {
  said += 1;
  const event = { agent_id: "ada", generation: 1, seq: said, ...message };
  const { seq } = await web.bus.publishStored("agent.ada.event", event);
  await waitFor(() => web.test.server.history.newest() >= seq, { what: "the event" });
  return seq;
}

/** An open page that was made now. */
function openPage(asked: Readonly<Record<string, string>>) {
  const { server } = web.test;
  const counts = { searches: 0 };
  const history: typeof server.history = {
    ...server.history,
    page(...args) {
      counts.searches += 1;
      return server.history.page(...args);
    },
  };
  const { read, ...reading } = createTimelineReading({
    server: { ...server, history },
    doctor: undefined,
    report: { asked: (name) => asked[name], zone: "UTC" },
    newest: history.newest(),
    now: () => new Date(),
  });
  /** The markup of the parts, by their ids. */
  const parts = async () => Object.fromEntries((await read()).map(({ id, part }) => [id, String(part)]));
  return { ...reading, counts, parts };
}

describe("createTimelineReading()", () => {
  test("has nothing to read after a heartbeat, but after a record", async () => {
    const { version, madeOf } = openPage({});
    expect(version()).toBe(madeOf);
    await web.heartbeat("ada");
    expect(version()).toBe(madeOf);
    await tell({ kind: "said", detail: "something" });
    expect(version()).not.toBe(madeOf);
  });

  test("searches the history backwards once, and then reads what has come", async () => {
    const begun = await tell({ kind: "tool_start", tool: "Bash", detail: "a needle", tool_use_id: "t1" });
    const { counts, parts, version } = openPage({ text: "needle" });
    expect((await parts())[`r${begun}`]).toContain("runs for");
    await tell({ kind: "said", detail: "one needle" });
    expect((await parts())["timeline-new"]).toContain("1 new line<");
    await tell({ kind: "said", detail: "hay" });
    await tell({ kind: "said", detail: "another needle" });
    // The text is in the beginning of the call, but not in its end.
    await tell({ kind: "tool_end", tool: "Bash", tool_use_id: "t1" });
    const after = await parts();
    expect(after["timeline-new"]).toContain("2 new lines<");
    expect(after[`r${begun}`]).not.toContain("runs for");
    expect(counts.searches).toBe(1);
    expect(version()).toBe(web.test.server.history.newest());
  });

  test("gives a call its end also when much has come since, and counts what is new only so far", async () => {
    const begun = await tell({ kind: "tool_start", tool: "Bash", detail: "for long", tool_use_id: "t2" });
    const { parts } = openPage({});
    await Promise.all(Array.from({ length: 250 }, (_, i) => tell({ kind: "said", detail: `word ${i}` })));
    const busy = await parts();
    expect(busy["timeline-new"]).toContain("more than 100 new lines<");
    expect(busy[`r${begun}`]).toContain("runs for");
    await tell({ kind: "tool_end", tool: "Bash", tool_use_id: "t2" });
    const ended = await parts();
    expect(ended["timeline-new"]).toBe(busy["timeline-new"]);
    expect(ended[`r${begun}`]).toMatch(/for long.*\d\.\d s</);
    expect(ended[`r${begun}`]).not.toContain("runs for");
  });

  test("does not count what was there when its page was made, if nothing of it fits", async () => {
    const { parts } = openPage({ text: "nowhere" });
    expect((await parts())["timeline-new"]).toContain("Nothing new");
    await tell({ kind: "said", detail: "nowhere else" });
    expect((await parts())["timeline-new"]).toContain("1 new line<");
  });
});
