import { expect, test } from "bun:test";
import { dataDirIn } from "../../../src/cli/through-serve/data-dir-in.ts";

test.each([
  [["ada"], undefined],
  [["--data-dir", "/d", "ada"], "/d"],
  [["ada", "--data-dir=/d=1"], "/d=1"],
  [["--data-dir", "/d", "--data-dir", "/e"], "/e"],
  [["ada", "--", "--data-dir", "/d"], undefined],
  [["ada", "--data-dir"], undefined],
])("dataDirIn(%p) is %p", (args, found) => {
  expect(dataDirIn(args)).toBe(found);
});
