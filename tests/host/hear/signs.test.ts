import { describe, expect, test } from "bun:test";
import type { SessionSign } from "../../../src/domain/hook.ts";
import type { SessionEvent } from "../../../src/host/event-sender.ts";
import { createBackground } from "../../../src/host/hear/background.ts";
import { createSigns } from "../../../src/host/hear/signs.ts";
import { createToolIds } from "../../../src/host/hear/tool-ids.ts";
import { createTurn } from "../../../src/host/hear/turn.ts";
import { createEvidence } from "../../../src/host/routes/evidence.ts";

const nowMs = Date.parse("2026-05-03T12:00:00Z");
const at = (ms: number) => new Date(nowMs + ms).toISOString();

/** All that hears a sign is the real thing, but for what ends turns and approves: that is the test. */
function start({ hasStream = false } = {}) {
  const heard: string[] = [];
  const sent: SessionEvent[] = [];
  const turn = createTurn();
  const background = createBackground({ isTurnOpen: turn.isOpen });
  const toolIds = createToolIds();
  const evidence = createEvidence(({ command_id, state, detail }) =>
    heard.push(`${command_id} ${state}: ${detail}`),
  );
  const signs = createSigns({
    ...{ turn, background, toolIds, evidence, hasStream, now: () => new Date(nowMs) },
    cli: { describeDenial: ({ name }, { words }) => ({ detail: `${name}: ${words}`, remedy: "allow it" }) },
    events: {
      send: (event) => void sent.push(event),
      noteLimit: (resetsAtMs) => void heard.push(`limit until ${resetsAtMs}`),
    },
    approvals: { notePrompt: () => void heard.push("prompt") },
    turnEnds: {
      takeRefusal: (detail) => void heard.push(`refused: ${detail}`),
      takeRecordedFailure: ({ error }, isOver) =>
        void heard.push(`${isOver ? "turn" : "an earlier turn"} failed: ${error}`),
      takeRecordedEnd: (isOver) => void heard.push(isOver ? "turn over" : "an earlier turn over"),
      heard: (text) => void (text !== "" && heard.push(`said: ${text}`)),
      interrupted: (promptId) => void heard.push(`interrupted: ${promptId}`),
    },
  });
  return {
    ...{ turn, background, toolIds, evidence, sent },
    echo: (sign: SessionSign) => signs.take(sign, "echo"),
    record: (sign: SessionSign) => signs.take(sign, "transcript"),
    heard: async () => {
      await Promise.resolve();
      return [...heard];
    },
  };
}
const words = "[cliai task t1] from eve: dig";

describe("createSigns()", () => {
  test.each([true, false])(
    "a call that the CLI did not run, and told by no hook, has failed (stream: %j)",
    (hasStream) => {
      const run = start({ hasStream });
      const take = hasStream ? run.echo : run.record;
      run.toolIds.note({ facts: { kind: "tool_start", tool: "Bash", tool_use_id: "u2" }, isSubagent: false });
      for (const toolUseId of ["u1", "u2"]) take({ type: "called", toolUseId, tool: "Bash" });
      for (const toolUseId of ["u1", "u1", "u2", "u3"]) {
        take({ type: "not_run", toolUseId, words: `Blocked: sk-${"a".repeat(20)}` });
      }
      expect(run.sent).toEqual([
        { kind: "tool_failed", tool: "Bash", tool_use_id: "u1", detail: "Blocked: ***" },
      ]);
    },
  );

  test("a turn that its user broke off is that of the last prompt", async () => {
    const { turn, echo, heard } = start({ hasStream: true });
    turn.offerPrompt(nowMs, true, "p-1");
    echo({ type: "interrupted" });
    expect(await heard()).toEqual(["interrupted: p-1"]);
  });

  test("what the record tells late of an earlier turn neither interrupts nor fails the one that runs", async () => {
    const { record, turn, heard } = start();
    turn.offerPrompt(nowMs, true, "p-2");
    for (const ms of [-1, 1]) {
      record({ type: "interrupted", at: at(ms) });
      record({ type: "turn_failed", detail: "no", error: "server", at: at(ms) });
    }
    expect(await heard()).toEqual([
      ...["interrupted: ", "an earlier turn failed: server"],
      ...["interrupted: p-2", "turn failed: server"],
    ]);
  });

  test("words in the stream and an answer after them are what the receipt seen rests on", async () => {
    const run = start({ hasStream: true });
    run.evidence.expect("t1", "task")();
    run.echo({ type: "taken", text: words });
    run.echo({ type: "answer" });
    expect(await run.heard()).toEqual(["prompt", "t1 seen: echo"]);
  });

  test("beside a stream the record is evidence alone: it ends no turn, and takes no approval back", async () => {
    const run = start({ hasStream: true });
    run.evidence.expect("t1", "task")();
    run.turn.begin(nowMs);
    run.record({ type: "taken", text: words });
    run.record({ type: "answer" });
    run.record({ type: "turn_end", at: at(1) });
    run.record({ type: "background", tasks: [{ id: "b1", type: "shell" }] });
    expect(await run.heard()).toEqual(["t1 seen: transcript"]);
    expect(run.background.isBusy()).toBe(false);
  });

  test("without a stream the record tells the end of the turn that runs, and of an earlier one as that", async () => {
    const run = start();
    run.turn.begin(nowMs);
    run.record({ type: "turn_end", at: at(-1) });
    run.record({ type: "turn_end", at: at(1) });
    expect(await run.heard()).toEqual(["an earlier turn over", "turn over"]);
  });

  test("a prompt that one of the user's hooks kept from the model fails its order, and says why", async () => {
    const run = start();
    run.evidence.expect("t1", "task")();
    run.record({ type: "refused", text: words, reason: "halt it" });
    const why = "one of the user's hooks kept the prompt from the model: halt it";
    expect(await run.heard()).toEqual([`refused: ${why}`, `t1 failed: ${why}`]);
    run.record({ type: "refused", text: "", reason: "" });
    expect((await run.heard()).at(-1)).toBe(
      "refused: one of the user's hooks kept the prompt from the model",
    );
  });

  test("a request that is made again is told at each try, and its end once, by the stream alone", () => {
    const { echo, record, sent } = start();
    echo({ type: "answer" });
    echo({ type: "retry", detail: "1/10: overloaded", error: "overloaded" });
    echo({ type: "retry", detail: "2/10: overloaded", error: "overloaded" });
    // In the record the request itself is an answer, too.
    record({ type: "answer" });
    expect(sent.map(({ kind, detail }) => [kind, detail])).toEqual([
      ["retry", "1/10: overloaded"],
      ["retry", "2/10: overloaded"],
    ]);
    echo({ type: "answer" });
    echo({ type: "answer" });
    expect(sent.slice(2)).toEqual([{ kind: "retry_end" }]);
  });

  test("the end of a usage limit is noted, if the stream tells it", async () => {
    const { echo, record, heard } = start({ hasStream: true });
    echo({ type: "limit", resetsAtMs: 5 });
    record({ type: "limit", resetsAtMs: 6 });
    expect(await heard()).toEqual(["limit until 5"]);
  });

  test("a tool that the CLI's own rules refused is told with its call and what would allow it, once", () => {
    const { echo, toolIds, sent } = start();
    const facts = { kind: "tool_start", tool: "Bash", tool_use_id: "u1" } as const;
    toolIds.note({ facts, tool: { name: "Bash", input: {}, isOwn: false }, isSubagent: false });
    for (const toolUseId of ["unknown", "u1", "u1"]) echo({ type: "denied", toolUseId, words: "no rule" });
    expect(sent).toEqual([
      { ...facts, kind: "tool_denied", detail: "Bash: no rule", remedy: "allow it" } as SessionEvent,
    ]);
  });

  test("keeps what runs in the background as the CLI lists it", () => {
    const { echo, background } = start();
    echo({ type: "background", tasks: [{ id: "b1", type: "shell" }] });
    expect(background.running()).toEqual([{ id: "b1", type: "shell" }]);
    echo({ type: "background_end", id: "b1" });
    expect(background.running()).toEqual([]);
  });
});
