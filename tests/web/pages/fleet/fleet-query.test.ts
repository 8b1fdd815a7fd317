import { describe, expect, test } from "bun:test";
import { filterText } from "../../../../src/domain/fleet/shown/agent-filter.ts";
import {
  filterOf,
  fleetAddress,
  nextSort,
  parseFleetQuery,
  withoutFilter,
} from "../../../../src/web/pages/fleet/fleet-query.ts";

const read = (search: string) => {
  const params = new URLSearchParams(search);
  return parseFleetQuery((name) => params.get(name) ?? undefined);
};

describe("parseFleetQuery()", () => {
  test("an address says the whole view, and comes back from it", () => {
    const search = "?q=basket&status=idle&project=%2Fwork%2Fshop&tag=api&sort=-cost&group=profile&all=1";
    expect(fleetAddress(read(search))).toBe(`/${search}`);
    expect(fleetAddress(read(""))).toBe("/");
  });

  test("what it does not know, it leaves out", () => {
    expect(fleetAddress(read("?sort=colour&group=moon&x=1&q=+"))).toBe("/");
  });
});

describe("filterOf()", () => {
  test("is the search and the chosen values together", () => {
    expect(filterText(filterOf(read("?q=-tag:api&status=idle,away&project=/a,b")))).toBe(
      '-tag:api status:idle,away project:"/a,b"',
    );
    expect(filterOf(withoutFilter(read("?q=x&status=idle")))).toEqual([]);
  });
});

describe("nextSort()", () => {
  test("begins with the largest cost and the first name, then turns", () => {
    expect(nextSort(read(""), "cost")).toEqual({ by: "cost", isDown: true });
    expect(nextSort(read("?sort=-cost"), "cost")).toEqual({ by: "cost", isDown: false });
    expect(nextSort(read("?sort=-cost"), "agent")).toEqual({ by: "agent", isDown: false });
  });
});
