import { describe, expect, test } from "bun:test";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { setBack } from "../../../src/domain/fleet/set-back.ts";
import { ada } from "../../support/agents.ts";

const hourMs = 60 * 60 * 1_000;

describe("setBack()", () => {
  test("what came first stays first, and words that are no times stay as they are", () => {
    const at = (s: number) => new Date(Date.parse("2026-01-01T12:00:00Z") + s * 1_000).toISOString();
    const beat = {
      type: "heartbeat",
      id: ada,
      at: at(3),
      message: { instance_id: "one", status: "idle" },
    } as const;
    const word = { status: "working", message: `until ${at(900)}` };
    const record = reduceAgent(reduceAgent(undefined, beat), {
      type: "status",
      id: ada,
      at: at(5),
      audit_seq: 1,
      message: word,
    });
    const words = { at: at(5), text: "Done." };
    const now = new Date(Date.parse(at(-3_595)));
    const spoken = setBack({ ...record, last_words: words, task_at: at(4) }, now, hourMs);
    expect([spoken.last_words?.at, spoken.task_at]).toEqual([at(5 - 3_600), at(4 - 3_600)]);
    const moved = setBack(record, now, hourMs);
    expect(moved.heartbeat?.at).toBe(at(3 - 3_600));
    expect(moved.said).toMatchObject({ at: at(5 - 3_600), message: `until ${at(900)}` });
    expect(moved.first_seen).toBe(record.first_seen);
    expect(setBack(moved, now, hourMs)).toBe(moved);
  });
});
