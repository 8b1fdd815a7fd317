// By which routes an operator's words arrive as its user's own, and of which one a person has to know that they do not.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { framingOf, routeNames, routesOfUser } from "../../src/domain/route-names.ts";

test("framingOf() says something of the one route whose words a CLI shows as another session's, and of no route of the user", () => {
  const framed = routeNames.filter((route) => framingOf(route) !== undefined);
  expect(framed).toEqual(["messaging-socket"]);
  expect(routesOfUser.filter((route) => framed.includes(route))).toEqual([]);
  expect(framingOf(undefined)).toBeUndefined();
});

test("routesOfUser keeps the order in which routes are tried", () => {
  expect(routesOfUser).toEqual(routeNames.filter((route) => routesOfUser.includes(route)));
  expect(routesOfUser).not.toContain("hook");
});

test("docs/steering.md has a row for each route", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/steering.md"), "utf8");
  const section = text.split(/^## /m).find((each) => each.startsWith("Routes into a running session")) ?? "";
  const rows = [...section.matchAll(/^\| `([a-z_-]+)` \|/gm)].map(([, route]) => route);
  expect(rows.toSorted()).toEqual([...routeNames, "check_inbox"].sort());
});
