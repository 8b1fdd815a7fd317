import { describe, expect, test } from "bun:test";
import { withoutReservation, withReservation } from "../../../src/server/files/reservation-book.ts";
import { ada, bob } from "../../support/agents.ts";

const now = new Date("2026-05-04T14:00:00Z");
const byAda = { id: ada, instanceId: "run-a", machine: "here", project: "/p" };
const byBob = { ...byAda, id: bob, instanceId: "run-b" };
const parser = { paths: ["src/a.ts", "src/b.ts"], minutes: 30, why: "the parser" };

describe("withReservation()", () => {
  test("holds absolute paths for a run and a time", () => {
    const { all, made } = withReservation([], byAda, parser, now);
    expect(all).toEqual([made]);
    expect(made).toEqual({
      ...{ agent_id: ada, instance_id: "run-a", machine: "here", why: "the parser" },
      paths: ["/p/src/a.ts", "/p/src/b.ts"],
      ...{ since: "2026-05-04T14:00:00.000Z", until: "2026-05-04T14:30:00.000Z" },
    });
  });

  test("refuses what another agent holds, or a part of it, with the holder's name; another machine has its own files", () => {
    const { all } = withReservation([], byAda, parser, now);
    const reserve = (path: string, by = byBob) => withReservation(all, by, { ...parser, paths: [path] }, now);
    for (const path of ["src/a.ts", "src", "**"])
      expect(() => reserve(path)).toThrow(`is reserved by ada until 14:30 UTC ("the parser")`);
    expect(reserve("src/c.ts").all).toHaveLength(2);
    expect(reserve("src/a.ts", { ...byBob, machine: "elsewhere" }).all).toHaveLength(2);
  });

  test("replaces what the agent holds of the same paths", () => {
    const { all } = withReservation([], byAda, parser, now);
    const longer = withReservation(all, byAda, { ...parser, paths: ["src/b.ts"], minutes: 60 }, now).all;
    expect(longer.map(({ paths }) => paths)).toEqual([["/p/src/a.ts"], ["/p/src/b.ts"]]);
  });

  test("has a limit for each agent", () => {
    const paths = Array.from({ length: 20 }, (_, index) => `f${index}`);
    let all = withReservation([], byAda, parser, now).all;
    for (const dir of ["1", "2", "3", "4"])
      all = withReservation(all, byAda, { ...parser, paths: paths.map((path) => `${dir}/${path}`) }, now).all;
    expect(() => withReservation(all, byAda, { ...parser, paths }, now)).toThrow("over the limit of 100");
    expect(withReservation(all, byBob, { ...parser, paths }, now).made.paths).toHaveLength(20);
  });
});

describe("withoutReservation()", () => {
  const { all } = withReservation([], byAda, parser, now);

  test("releases what the agent names, and says what that was", () => {
    const { all: left, released } = withoutReservation(all, byAda, ["src/a.ts", "src/none.ts"]);
    expect(left.map(({ paths }) => paths)).toEqual([["/p/src/b.ts"]]);
    expect(released).toEqual(["/p/src/a.ts"]);
    expect(withoutReservation(left, byAda, ["src/b.ts"]).all).toEqual([]);
  });

  test("only the holder releases", () => {
    expect(() => withoutReservation(all, byBob, ["src/a.ts"])).toThrow("reserved by ada, not by you");
  });
});
