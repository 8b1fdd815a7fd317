import { beforeEach, describe, expect, test } from "bun:test";
import { createHeldNotices, createInFront, type InFront } from "../../src/notify/in-front.ts";

let nowMs: number;
let inFront: InFront;
const now = () => nowMs;
beforeEach(() => {
  nowMs = 5_000;
  inFront = createInFront(now);
});

describe("createInFront()", () => {
  test("counts a page for a minute after it was used last, and three seconds after it went", () => {
    expect(inFront.isNow()).toBe(false);
    inFront.note("a", true);
    nowMs += 59_999;
    expect(inFront.isNow()).toBe(true);
    nowMs += 1;
    expect(inFront.isNow()).toBe(false);
    inFront.note("a", true);
    inFront.note("a", false);
    nowMs += 2_999;
    expect(inFront.isNow()).toBe(true);
    nowMs += 1;
    expect(inFront.isNow()).toBe(false);
  });

  test("one of several pages is enough, and a page that went twice, or was never in front, is none", () => {
    inFront.note("a", true);
    inFront.note("b", true);
    inFront.note("a", false);
    nowMs += 10_000;
    expect(inFront.isNow()).toBe(true);
    nowMs += 50_000;
    inFront.note("b", false);
    inFront.note("c", false);
    expect(inFront.isNow()).toBe(false);
  });

  test("keeps a limited number of pages", () => {
    for (let n = 0; n < 300; n += 1) inFront.note(`p${n}`, true);
    for (let n = 44; n < 300; n += 1) inFront.note(`p${n}`, false);
    nowMs += 3_000;
    expect(inFront.isNow()).toBe(false);
  });
});

describe("createHeldNotices()", () => {
  const notice = { notice_id: "n1", need: "question" };
  let stands: boolean;
  let cameMs: number;
  const held = () => createHeldNotices(inFront, () => stands);
  beforeEach(() => {
    stands = true;
    cameMs = nowMs;
  });

  test("without a page in front, all is told, also what does not stand any more", () => {
    stands = false;
    expect(held().decide(notice, cameMs)).toBe("tell");
  });

  test("what came while a page was in front is told when it goes, unless it has ended", () => {
    const [one, other] = [held(), held()];
    inFront.note("a", true);
    expect([one.decide(notice, cameMs), other.decide(notice, cameMs)]).toEqual(["wait", "wait"]);
    inFront.note("a", false);
    nowMs += 3_000;
    expect(one.decide(notice, cameMs)).toBe("tell");
    stands = false;
    expect(other.decide(notice, cameMs)).toBe("over");
  });

  test("it was seen if the page is used ten seconds later or more, also if it has gone since", () => {
    const one = held();
    inFront.note("a", true);
    expect(one.decide(notice, cameMs)).toBe("wait");
    nowMs += 9_999;
    inFront.note("a", true);
    expect(one.decide(notice, cameMs)).toBe("wait");
    nowMs += 1;
    inFront.note("a", true);
    inFront.note("a", false);
    nowMs += 3_000;
    expect(one.decide(notice, cameMs)).toBe("over");
  });

  test("what was seen before it might be told, such as in quiet hours, is over when it may", () => {
    inFront.note("a", true);
    nowMs += 10_000;
    inFront.note("a", true);
    nowMs += 8 * 3_600_000;
    expect(held().decide(notice, cameMs)).toBe("over");
    expect(held().decide(notice, nowMs - 3_600_000)).toBe("tell");
  });

  test("what needs nobody, of which a page may show only a number, is told when the page goes, however long it was used", () => {
    const done = { notice_id: "n2" };
    const one = held();
    inFront.note("a", true);
    expect(one.decide(done, cameMs)).toBe("wait");
    nowMs += 10_000;
    inFront.note("a", true);
    expect(one.decide(done, cameMs)).toBe("wait");
    inFront.note("a", false);
    nowMs += 3_000;
    expect(one.decide(done, cameMs)).toBe("tell");
  });

  test("a page that nobody uses does not keep it for longer than a minute", () => {
    const one = held();
    inFront.note("a", true);
    expect(one.decide(notice, cameMs)).toBe("wait");
    nowMs += 59_999;
    expect(one.decide(notice, cameMs)).toBe("wait");
    nowMs += 1;
    expect(one.decide(notice, cameMs)).toBe("tell");
  });

  test("use of a page before the notice came says nothing of it", () => {
    inFront.note("a", true);
    nowMs += 30_000;
    cameMs = nowMs;
    const one = held();
    expect(one.decide(notice, cameMs)).toBe("wait");
    nowMs += 30_000;
    expect(one.decide(notice, cameMs)).toBe("tell");
  });
});
