import { expect, test } from "bun:test";
import { layoutOf } from "../../../../src/web/pages/fleet/layouts.ts";

test("layoutOf() shows cards for up to twelve agents", () => {
  expect([0, 1, 12, 13].map(layoutOf)).toEqual(["empty", "cards", "cards", "table"]);
});
