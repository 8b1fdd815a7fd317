// The last events of an agent on its page.
import { expect, test } from "bun:test";
import { Timeline } from "../../../../src/web/pages/parts/timeline.tsx";

const entry = (at: string, kind: string, text = "") => ({ at, kind, text });
const [one, two] = ["2026-01-01T00:00:01.000Z", "2026-01-01T00:00:02.000Z"];
const html = (...entries: Parameters<typeof Timeline>[0]["entries"]) => Timeline({ entries }).toString();
const keys = (text: string) => [...text.matchAll(/<li id="([^"]+)"/g)].map(([, key]) => key);

test("Timeline() shows the newest first, with its time and its kind in words", () => {
  const text = html(entry(one, "tool_start", "make"), entry(two, "turn_end"));
  expect(text.indexOf("turn end")).toBeLessThan(text.indexOf("tool start"));
  expect(text).toContain("00:00:02");
  expect(html()).toContain("Nothing since this server started.");
  expect(text).not.toContain("Nothing since");
});

test("Timeline() has for each event a key of its own, which stays when others come", () => {
  const before = keys(html(entry(one, "a"), entry(one, "b")));
  expect(before).toEqual([`event-${one}-1`, `event-${one}-0`]);
  expect(keys(html(entry(one, "a"), entry(one, "b"), entry(two, "c"))).slice(1)).toEqual(before);
});

test("Timeline() shows the beginning of an id, and has the whole text in its title", () => {
  const id = "0123abcd-0000-4000-8000-0123456789ab";
  const text = html(entry(one, "receipt", `task ${id} <b>`));
  expect(text).toContain(`title="task ${id} &lt;b&gt;"`);
  expect(text).toContain(">task 0123abcd &lt;b&gt;<");
});
