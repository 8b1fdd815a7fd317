import { expect, test } from "bun:test";
import { throwWorst } from "../../../src/cli/frame/worst-error.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";

test("throwWorst() prints each of several errors without anything that steers the terminal, and throws the worst code", () => {
  const printed: string[] = [];
  const errors = [new CliaiError("no_answer", "ada: a\u001b[2Jb"), new CliaiError("refused", "bob: no")];
  expect(() => throwWorst(errors, "2 of 2", (line) => printed.push(line))).toThrow(
    expect.objectContaining({ code: "refused", message: "2 of 2" }),
  );
  expect(printed).toEqual(["ada: a\ufffd[2Jb", "bob: no"]);
});
