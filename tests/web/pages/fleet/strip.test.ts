import { expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { Strip } from "../../../../src/web/pages/fleet/strip.tsx";

const now = new Date("2026-01-01T05:00:30.000Z");

function stripOf(count: number): string {
  const at = now.toISOString();
  const views = Array.from({ length: count }, (_, i) =>
    viewAgent(
      {
        ...{ agent_id: parseAgentId(`a${i}`), first_seen: at, last_seen: at },
        ...{ commands: [], audit_seq: 0, commands_seq: 0, heartbeat: { at, interval_s: 3_600 } },
        said: { status: "working", at, since: at, source: "heartbeat" },
      },
      now,
    ),
  );
  return String(Strip({ views }));
}

test("Strip has a cell for each agent; the cells of a large fleet are small", () => {
  expect(stripOf(299)).toContain('<div class="cells" ');
  const large = stripOf(300);
  expect(large).toContain('<div class="cells many" ');
  expect(large.match(/<i id="cell-/g)).toHaveLength(300);
});

test("Strip of a large fleet has its cells in boxes of 25, in their order, so that a change is painted in one box alone", () => {
  const boxes = stripOf(310).match(/<span class="box">.*?<\/span>/g) ?? [];
  const cells = boxes.map((box) => box.match(/(?<=id="cell-)[^"]+/g) ?? []);
  expect(cells.map(({ length }) => length)).toEqual([...Array(12).fill(25), 10]);
  expect(cells.flat()).toEqual(Array.from({ length: 310 }, (_, i) => `a${i}`));
});
