import { describe, expect, test } from "bun:test";
import { createHookRoute } from "../../../src/host/routes/hook-route.ts";

function start(limits?: Parameters<typeof createHookRoute>[1]) {
  let isOpen = true;
  const waited: string[] = [];
  const route = createHookRoute(() => isOpen, limits);
  const aborting = new AbortController();
  return {
    ...{ route, waited, aborting },
    give: (text: string, signal = aborting.signal) => route.give(text, signal, () => waited.push(text)),
    close() {
      isOpen = false;
    },
  };
}

describe("createHookRoute()", () => {
  test("what waits goes with the next hook's answer, all of it, in its order", async () => {
    const { route, give, waited } = start();
    const given = [give("one"), give("two")];
    expect(waited).toEqual(["one", "two"]);
    expect(route.take("tool")).toBe("one\n\ntwo");
    expect(await Promise.all(given)).toEqual([true, true]);
    expect(route.take("tool")).toBeUndefined();
  });

  test("takes nothing while no turn runs: an idle session calls no hook", async () => {
    const { route, give, waited, close } = start();
    close();
    expect(await give("one")).toBe(false);
    expect([waited, route.take("tool")]).toEqual([[], undefined]);
  });

  test("gives back what still waits when the turn has ended", async () => {
    const { route, give } = start();
    const given = give("one");
    route.turnEnded();
    expect(await given).toBe(false);
    expect(route.take("tool")).toBeUndefined();
  });

  test("what is called back is not given, and the others are", async () => {
    const { route, give, aborting } = start();
    const other = new AbortController();
    const given = give("one");
    const left = give("two", other.signal);
    aborting.abort();
    expect(await given).toBe(false);
    expect(await give("three")).toBe(false);
    expect(route.take("tool")).toBe("two");
    expect(await left).toBe(true);
  });

  test("a text that is too long for the CLI is not taken, and of several only those that fit together", async () => {
    const { route, give, waited } = start({ longest: 10, onlyAfterTools: false });
    expect(await give("12345678901")).toBe(false);
    expect(waited).toEqual([]);
    const given = [give("123"), give("12345"), give("1")];
    expect(route.take("end")).toBe("123\n\n12345");
    expect(route.take("tool")).toBe("1");
    expect(await Promise.all(given)).toEqual([true, true, true]);
  });

  test("to a CLI that takes texts only at the end of a tool, none goes with a prompt, and the end of a turn is not held back", async () => {
    const { route, give } = start({ longest: 10, onlyAfterTools: true });
    const given = give("one");
    for (const moment of ["prompt", "end"] as const) expect(route.take(moment)).toBeUndefined();
    expect(route.take("tool")).toBe("one");
    expect(await given).toBe(true);
  });
});
