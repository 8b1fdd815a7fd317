import { describe, expect, test } from "bun:test";
import { readRoutes } from "../../../../src/cli/spawn/session-host/host-options.ts";
import { routeNames } from "../../../../src/domain/route-names.ts";

describe("readRoutes()", () => {
  test("CLIAI_ROUTES names any of the routes, in the order in which they are to be tried; unset, it limits nothing", () => {
    expect(readRoutes({ CLIAI_ROUTES: routeNames.toReversed().join(", ") })).toEqual(routeNames.toReversed());
    for (const route of ["app-server", "http-api", "acp", "input-file"] as const) {
      expect(readRoutes({ CLIAI_ROUTES: route })).toEqual([route]);
    }
    expect(readRoutes({ CLIAI_ROUTES: "" })).toBeUndefined();
    expect(readRoutes({})).toBeUndefined();
  });

  test("a route that there is not is refused, with those that there are", () => {
    const read = () => readRoutes({ CLIAI_ROUTES: "hook,telepathy" });
    expect(read).toThrow(`CLIAI_ROUTES "telepathy" is not one of ${routeNames.join(", ")}`);
  });
});
