// Which records are one statement, and which of them is shown.
import { describe, expect, test } from "bun:test";
import { type FoundHit, foldHits } from "../../src/search/fold-hits.ts";

const words = "The cache was read before the build had filled it.";
const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, 0) - s * 1000).toISOString();

/** @param s how many seconds before noon it was stored */
function found(
  kind: string,
  s: number,
  text = words,
  more: { agent?: string; from?: string } = {},
): FoundHit {
  const isEntry = ["answer", "tool_call", "tool_result"].includes(kind);
  const place = { stream: isEntry ? "TRANSCRIPTS" : "AUDIT", seq: 1_000 - s, at: at(s) };
  const { agent = "ada", from } = more;
  return {
    hit: { ...place, agent_id: agent, kind, snippet: [] },
    text,
    ...(from === undefined ? {} : { from }),
  };
}

const folded = (...hits: FoundHit[]) => foldHits(hits).map(({ hit, records }) => `${hit.kind} ${records}`);

describe("foldHits()", () => {
  test("makes one hit of what an agent said, at its place in the transcript", () => {
    expect(folded(found("answer", 0), found("said", 1))).toEqual(["answer 2"]);
    expect(folded(found("said", 1), found("answer", 2))).toEqual(["answer 2"]);
  });

  test("makes one hit of a message, the call that sent it, and the entry of the call, though its receiver is another agent", () => {
    const input = `mcp__cliai__send_message {"to":"bob","text":"${words}\\n"}`;
    const message = found("message", 1, words, { agent: "bob", from: "ada" });
    expect(folded(found("tool_call", 0, input), message, found("tool_start", 2, input))).toEqual([
      "tool_call 3",
    ]);
    expect(folded(message, found("tool", 2, `send_message bob ${words}`))).toEqual(["message 2"]);
  });

  test("leaves apart what was said at another time, by another agent, in other words, or in few words beside others", () => {
    expect(folded(found("answer", 0), found("said", 11))).toEqual(["answer 1", "said 1"]);
    expect(folded(found("answer", 0), found("said", 1, words, { agent: "bob" }))).toHaveLength(2);
    expect(folded(found("answer", 0), found("said", 1, `${words.slice(0, 29)} all`))).toHaveLength(2);
    expect(folded(found("answer", 0, "done with it"), found("said", 1, "done"))).toHaveLength(2);
    expect(folded(found("answer", 0, "done"), found("said", 1, "Done."))).toEqual(["answer 2"]);
  });

  test("leaves apart records of one kind, what tools returned, and receipts", () => {
    const copy = (agent: string, s: number) => found("message", s, words, { agent, from: "ada" });
    expect(folded(copy("bob", 0), copy("cleo", 1))).toHaveLength(2);
    expect(folded(found("answer", 0), found("tool_result", 1))).toHaveLength(2);
    expect(folded(found("said", 0), found("receipt", 1))).toHaveLength(2);
  });

  test("keeps the newest first, also if the best place of a statement is its oldest record", () => {
    const hits = foldHits([found("said", 0), found("status", 1, "idle"), found("answer", 3)]);
    expect(hits.map(({ hit }) => hit.kind)).toEqual(["status", "answer"]);
  });
});
