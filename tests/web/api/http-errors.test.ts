import { expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import { describeError } from "../../../src/web/api/http-errors.ts";

test("describeError() takes a secret out of the message and out of the hint", () => {
  const seed = `SU${"A".repeat(56)}`;
  const error = new CliaiError("usage", `no agent "${seed}"`, { hint: `did you mean ${seed}?` });
  expect(describeError(error, silentLogger)).toEqual({
    status: 400,
    code: "usage",
    message: 'no agent "***"',
    hint: "did you mean ***?",
  });
});
