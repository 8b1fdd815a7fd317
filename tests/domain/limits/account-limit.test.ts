import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AccountLimit,
  afterFailure,
  afterRetry,
  rememberedMs,
  turnsAfter,
  waitMs,
} from "../../../src/domain/limits/account-limit.ts";

const begin = Date.UTC(2026, 10, 30, 14, 5);
const at = (s: number) => new Date(begin + s * 1_000).toISOString();
const account = "a";

/** `[when, resets]` of each failed turn, in seconds. */
function after(...failures: readonly (readonly [number, number?])[]): AccountLimit {
  const [first = [0], ...rest] = failures;
  const toFailure = ([s, resets]: readonly [number, number?]) => ({
    ...{ account, at: at(s) },
    resets_at: resets === undefined ? undefined : at(resets),
  });
  return rest.map(toFailure).reduce(afterFailure, afterFailure(undefined, toFailure(first)));
}

describe("afterFailure()", () => {
  test("the limit lasts until the time that was told", () => {
    expect(after([0, 120])).toMatchObject({ until: at(120), resets_at: at(120), since: at(0) });
  });

  test("a time that has passed counts as none", () => {
    const limit = after([0, -5]);
    expect(limit.until).toBe(at(60));
    expect(limit.resets_at).toBeUndefined();
  });

  test("if nobody knows the end, each failure after a wait makes the next wait twice as long, up to an hour", () => {
    expect(after([0]).until).toBe(at(60));
    expect(after([0], [61]).until).toBe(at(61 + 120));
    expect(after([0], [61], [200]).until).toBe(at(200 + 240));
    expect([1, 2, 3, 6, 7, 99].map((tries) => waitMs(tries) / 60_000)).toEqual([1, 2, 4, 32, 60, 60]);
  });

  test("failures of turns that ran already lengthen no wait; one that knows the end, or a later one, is believed", () => {
    const limit = after([0], [5]);
    expect(limit).toEqual(after([0]));
    expect(after([0], [5, 900]).until).toBe(at(900));
    expect(after([0, 900], [5, 300]).until).toBe(at(900));
    expect(after([0, 300], [5, 900]).until).toBe(at(900));
    expect(after([0], [61], [200, 900], [901]).tries).toBe(1);
  });

  test("a failure long after the end is one of another limit", () => {
    const late = 60 + rememberedMs / 1_000 + 1;
    expect(after([0], [61], [late + 200])).toMatchObject({ since: at(late + 200), tries: 1 });
  });
});

describe("afterRetry()", () => {
  const from = (known: AccountLimit | undefined, nowS: number, atS: number, resets?: number) =>
    afterRetry(
      known,
      { account, since: at(0), at: at(atS), resets_at: resets === undefined ? undefined : at(resets) },
      new Date(begin + nowS * 1_000),
    );

  test("a limit whose end is told counts at once; of another one only tries that go on for 10 s", () => {
    expect(from(undefined, 1, 1, 900)).toMatchObject({ until: at(900), resets_at: at(900) });
    expect(from(undefined, 9, 5)).toBeUndefined();
    expect(from(undefined, 10, 5)).toMatchObject({ until: at(70), tries: 1, is_retried: true });
  });

  test("as long as the tries go on, a limit whose end nobody knows does not end, and one whose end was told ends then", () => {
    const first = from(undefined, 10, 5);
    expect(from(first, 60, 35)).toBe(first);
    expect(from(first, 71, 65)).toMatchObject({ until: at(71 + 120), tries: 2, is_retried: true });
    expect(first && afterFailure(first, { account, at: at(71) })).not.toHaveProperty("is_retried");
    // Before the others would go on.
    expect(from(first, 68, 65)).toMatchObject({ until: at(70.001 + 120), failed_at: at(68), tries: 2 });
    const told = from(undefined, 1, 1, 900);
    expect(from(told, 901, 1, 900)).toBe(told);
    // The next try has failed, too.
    expect(from(told, 905, 904)).toMatchObject({ until: at(905 + 60) });
    expect(from(told, 905, 904, 1_800)).toMatchObject({ until: at(1_800) });
  });

  test("a try that was told long ago, of a CLI that may be gone, holds nobody", () => {
    expect(from(undefined, 700, 5)).toBeUndefined();
  });
});

describe("turnsAfter()", () => {
  const agent = (agent_id: string, priority = 0) => ({ agent_id, priority });

  test("the agents go on over a minute, those with the highest priority first, then by their ids", () => {
    const turns = turnsAfter({ until: at(0) }, [agent("cy"), agent("bo", 5), agent("al")]);
    expect([...turns]).toEqual([
      ["bo", at(0)],
      ["al", at(20)],
      ["cy", at(40)],
    ]);
  });

  test("nobody goes on before the end, or a minute after it, and no two of a fleet at once", () => {
    const agents = fc.uniqueArray(fc.record({ agent_id: fc.string(), priority: fc.nat(9) }), {
      selector: ({ agent_id }) => agent_id,
      maxLength: 200,
    });
    fc.assert(
      fc.property(agents, (all) => {
        const turns = [...turnsAfter({ until: at(0) }, all).values()];
        expect(turns.every((turn) => turn >= at(0) && turn < at(60))).toBe(true);
        expect(new Set(turns).size).toBe(all.length);
      }),
    );
  });
});
