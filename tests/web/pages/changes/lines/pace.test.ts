// How long the drawing of lines keeps the server from other work, whatever an agent has written.
import { expect, test } from "bun:test";
import type { Hunk } from "../../../../../src/domain/changes/patch.ts";
import { drawTable } from "../../../../../src/web/pages/changes/lines/diff-table.tsx";
import { createPace, type Pace } from "../../../../../src/web/pages/changes/lines/pace.ts";

const talk = { formId: "pick-1", isChosen: () => false, below: () => [] };
function pairs(count: number, before: (n: number) => string, now: (n: number) => string): Hunk {
  const lines = Array.from({ length: count }, (_, n) => [
    { kind: "deleted" as const, old: n + 1, text: before(n) },
    { kind: "added" as const, new: n + 1, text: now(n) },
  ]).flat();
  return { old_start: 1, new_start: 1, heading: "", lines };
}
const code = (n: number, name: string) =>
  Array.from({ length: 9 }, (_, k) => `const a${n}${k} = ${name}(b, "text ${k}", { c: ${k} });`).join(" ");
const draw = async (hunk: Hunk, language: string, pace: Pace) => {
  const made = await drawTable({ talk, path: "f", hunks: [hunk], language, layout: "unified", pace });
  return String(made);
};

/** The longest time of the processor that passed between two turns of the event loop, of all that the work took. Others' load does not count. */
async function longestPart(work: () => Promise<unknown>): Promise<number> {
  const used = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  const begun = used();
  let [last, longest, isOver] = [begun, 0, false];
  const look = () => {
    const now = used();
    [longest, last] = [Math.max(longest, now - last), now];
    if (!isOver) setTimeout(look, 0);
  };
  setTimeout(look, 0);
  await work();
  isOver = true;
  look();
  return longest / (used() - begun);
}

test("1,500 changed lines are drawn a little at a time: others wait for a small part of the work", async () => {
  const hunk = pairs(
    750,
    (n) => code(n, "call"),
    (n) => code(n, "other"),
  );
  await draw(hunk, "ts", createPace());
  // Without breaks, it is all one part.
  expect(await longestPart(() => draw(hunk, "ts", createPace({ sliceMs: 60_000 })))).toBeGreaterThan(0.6);
  expect(await longestPart(() => draw(hunk, "ts", createPace()))).toBeLessThan(0.3);
});

test("a text that takes its language's colours very long is drawn all the same", async () => {
  // Of so many words in a row, the highlighter needs minutes.
  const words = "a b c d ".repeat(48);
  const html = await draw(
    pairs(
      200,
      () => words,
      (n) => `${words}${n}`,
    ),
    "csharp",
    createPace(),
  );
  expect(html).toContain("a b c d a b c d");
});

test("lines are plain beyond so many characters of a file or page, and once it has taken too long", async () => {
  const hunk = pairs(
    400,
    (n) => code(n, "call"),
    (n) => code(n, "other"),
  );
  const rowsOf = async (pace: Pace) => (await draw(hunk, "ts", pace)).split("<tr class=").slice(2);
  const ofFile = await rowsOf(createPace({ budgetMs: 600_000 }));
  expect(ofFile).toHaveLength(800);
  expect([ofFile.at(0), ofFile.at(-2)].map((row) => row?.includes("syntax-"))).toEqual([true, false]);
  const ofPage = (await rowsOf(createPace({ budgetMs: 600_000, mostCharacters: 0 }))).join("");
  expect([ofPage.includes("syntax-"), ofPage.includes("<b>")]).toEqual([false, true]);
  let nowMs = 0;
  const tick = () => {
    nowMs += 1_000; // each look at the clock takes a second
    return nowMs;
  };
  const late = (await rowsOf(createPace({ budgetMs: 500, nowMs: tick }))).join("");
  expect([late.includes("syntax-"), late.includes("<b>")]).toEqual([false, false]);
  expect(late).toContain("{ c: 8 }");
});
