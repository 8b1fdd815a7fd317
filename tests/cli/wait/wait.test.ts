// What a wait ends with: its exit code, and the words about each agent.
import { describe, expect, test } from "bun:test";
import { endWait, readTimeoutMs, type WaitTerms } from "../../../src/cli/wait/wait.ts";
import { exitCodeOf } from "../../../src/domain/text/errors.ts";
import type { WaitOutcome } from "../../../src/domain/wait-outcome.ts";
import { ada, bob } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { errorOf } from "../../support/error-of.ts";

const outcome = (word: WaitOutcome["outcome"], reason = "why") => ({
  ...{ outcome: word, reason, startAgain: "cliai resume ada" },
});
const waited = (
  words: readonly WaitOutcome["outcome"][],
  more: { waiting?: string; isServerAway?: boolean } = {},
) => ({
  outcomes: new Map(words.map((word, index) => [index === 0 ? ada : bob, outcome(word)])),
  waiting: more.waiting === undefined ? [] : [{ agent_id: bob, status: more.waiting }],
  isServerAway: more.isServerAway === true,
});
const terms: WaitTerms = { goal: "done", timeoutMs: 30_000, isAny: false };
const ends = (...[of, more]: Parameters<typeof waited>) =>
  errorOf(() => endWait(waited(of, more), terms, testContext()));

describe("endWait()", () => {
  test.each(["done", "idle", "needs-you"] as const)("is content with %p", (word) => {
    expect(() => endWait(waited([word]), terms, testContext())).not.toThrow();
  });

  test.each([
    ["failed", 1, "ada failed: why", "see why: cliai show ada"],
    ["crashed", 1, "ada crashed: why", "cliai resume ada"],
    ["lost", 1, "ada is lost: why", "cliai resume ada"],
    ["ended", 4, "ada has ended (why): it cannot become done", "cliai resume ada"],
    ["stopped", 5, "ada was stopped: why", "cliai resume ada"],
    ["refused", 5, "ada refused: why", "see why: cliai show ada"],
  ] as const)("fails with %p: exit code %p, %p, hint %p", (word, exitCode, message, hint) => {
    const error = ends([word]);
    expect({ exitCode: exitCodeOf(error), message: error.message, hint: error.hint }).toEqual({
      ...{ exitCode, message, hint },
    });
  });

  test("gives the hint of its caller for a task that has failed, and not for a CLI that crashed", () => {
    const failedHint = "read its log";
    const hint = (word: WaitOutcome["outcome"]) =>
      errorOf(() => endWait(waited([word]), { ...terms, failedHint }, testContext())).hint;
    expect([hint("failed"), hint("crashed")]).toEqual(["read its log", "cliai resume ada"]);
  });

  test("says after the time how the agent is; of a server that is away only what it knew last", () => {
    const late = ends(["done"], { waiting: "working" });
    expect(late).toMatchObject({
      code: "no_answer",
      message: "bob is working after 30 s, not done",
      hint: "see why: cliai show bob",
    });
    const away = ends([], { waiting: "working", isServerAway: true });
    expect(away).toMatchObject({
      code: "no_answer",
      message: "the server is away after 30 s; what it knew last of bob: working",
      hint: "start it, then wait again: cliai serve",
    });
  });

  test("of several tells each, and ends with the worst", () => {
    const context = testContext();
    const error = errorOf(() => endWait(waited(["stopped", "failed"]), terms, context));
    expect([exitCodeOf(error), error.message]).toEqual([5, "2 of 2 agents are not done"]);
    expect(context.noted).toEqual(["ada was stopped: why", "bob failed: why"]);
    const mixed = testContext();
    const one = errorOf(() => endWait(waited(["done"], { waiting: "idle" }), terms, mixed));
    expect([exitCodeOf(one), one.message]).toEqual([4, "bob is idle after 30 s, not done"]);
  });

  test("with --any is content with the first that is there, and only with one that is", () => {
    const any = { ...terms, isAny: true };
    expect(() => endWait(waited(["failed", "done"]), any, testContext())).not.toThrow();
    expect(errorOf(() => endWait(waited(["failed"]), any, testContext())).code).toBe("failed");
  });

  test("writes nothing that its terminal would obey", () => {
    const outcomes = new Map([[ada, outcome("crashed", "\u001b[2Jgone")]]);
    const error = errorOf(() =>
      endWait({ outcomes, waiting: [], isServerAway: false }, terms, testContext()),
    );
    expect(error.message).not.toContain("\u001b");
  });
});

test("readTimeoutMs() waits for a week at most, and that if nothing is named", () => {
  expect(readTimeoutMs(undefined)).toBe(604_800_000);
  expect([readTimeoutMs("0"), readTimeoutMs("1.5"), readTimeoutMs("604800")]).toEqual([
    0, 1_500, 604_800_000,
  ]);
  expect(errorOf(() => readTimeoutMs("604801"))).toMatchObject({
    code: "usage",
    hint: "leave it out to wait for up to a week",
  });
});
