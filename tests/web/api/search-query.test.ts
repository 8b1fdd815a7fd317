// What is searched for, read from an address.
import { expect, test } from "bun:test";
import { searchAskFrom } from "../../../src/web/api/search-query.ts";
import { errorOf } from "../../support/error-of.ts";

const now = new Date("2026-05-03T14:00:00Z");

test("searchAskFrom() > takes empty fields for left out, and a duration for a time", () => {
  const query = { text: ' "no answer" ', agent: "ada", kind: "", project: " ", since: "2h", limit: "50" };
  expect(searchAskFrom(query, now)).toEqual({
    text: ' "no answer" ',
    agent: "ada",
    since: "2026-05-03T12:00:00.000Z",
    limit: 50,
  });
  expect(searchAskFrom({}, now)).toEqual({ text: "" });
});

test.each(["0", "501", "many", "-1"])("searchAskFrom() > refuses the limit %s", (limit) => {
  expect(errorOf(() => searchAskFrom({ text: "x", limit }, now))).toMatchObject({ code: "usage" });
});

test("searchAskFrom() > refuses what is no time", () => {
  const message = 'since "soon" is neither a time nor a duration';
  expect(errorOf(() => searchAskFrom({ text: "x", since: "soon" }, now)).message).toBe(message);
});
