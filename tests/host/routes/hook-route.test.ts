import { describe, expect, test } from "bun:test";
import { createHookRoute } from "../../../src/host/routes/hook-route.ts";

function start() {
  let isOpen = true;
  const waited: string[] = [];
  const route = createHookRoute(() => isOpen);
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
    expect(route.take()).toBe("one\n\ntwo");
    expect(await Promise.all(given)).toEqual([true, true]);
    expect(route.take()).toBeUndefined();
  });

  test("takes nothing while no turn runs: an idle session calls no hook", async () => {
    const { route, give, waited, close } = start();
    close();
    expect(await give("one")).toBe(false);
    expect([waited, route.take()]).toEqual([[], undefined]);
  });

  test("gives back what still waits when the turn has ended", async () => {
    const { route, give } = start();
    const given = give("one");
    route.turnEnded();
    expect(await given).toBe(false);
    expect(route.take()).toBeUndefined();
  });

  test("what is called back is not given, and the others are", async () => {
    const { route, give, aborting } = start();
    const other = new AbortController();
    const given = give("one");
    const left = give("two", other.signal);
    aborting.abort();
    expect(await given).toBe(false);
    expect(await give("three")).toBe(false);
    expect(route.take()).toBe("two");
    expect(await left).toBe(true);
  });
});
