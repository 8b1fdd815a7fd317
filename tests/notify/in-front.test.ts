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
  const notice = { notice_id: "n1" };
  let stands: boolean;
  const held = () => createHeldNotices(inFront, () => stands, now);
  beforeEach(() => {
    stands = true;
  });

  test("without a page in front, all is told, also what does not stand any more", () => {
    stands = false;
    expect(held().decide(notice)).toBe("tell");
  });

  test("what came while a page was in front is told when it goes, unless it has ended", () => {
    const [one, other] = [held(), held()];
    inFront.note("a", true);
    expect([one.decide(notice), other.decide(notice)]).toEqual(["wait", "wait"]);
    inFront.note("a", false);
    nowMs += 3_000;
    expect(one.decide(notice)).toBe("tell");
    stands = false;
    expect(other.decide(notice)).toBe("over");
  });

  test("it was seen if the page is used ten seconds later or more, also if it has gone since", () => {
    const one = held();
    inFront.note("a", true);
    expect(one.decide(notice)).toBe("wait");
    nowMs += 9_999;
    inFront.note("a", true);
    expect(one.decide(notice)).toBe("wait");
    nowMs += 1;
    inFront.note("a", true);
    inFront.note("a", false);
    nowMs += 3_000;
    expect(one.decide(notice)).toBe("over");
  });

  test("a page that nobody uses does not keep it for longer than a minute", () => {
    const one = held();
    inFront.note("a", true);
    expect(one.decide(notice)).toBe("wait");
    nowMs += 59_999;
    expect(one.decide(notice)).toBe("wait");
    nowMs += 1;
    expect(one.decide(notice)).toBe("tell");
  });

  test("use of a page before the notice came says nothing of it", () => {
    inFront.note("a", true);
    nowMs += 30_000;
    const one = held();
    expect(one.decide(notice)).toBe("wait");
    nowMs += 30_000;
    expect(one.decide(notice)).toBe("tell");
  });
});
