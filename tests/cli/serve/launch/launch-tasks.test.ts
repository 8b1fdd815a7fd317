// Which errors let a task be given again. How it is given: headless-agents.test.ts.
import { expect, test } from "bun:test";
import { mayPass } from "../../../../src/cli/serve/launch/launch-tasks.ts";
import { CliaiError } from "../../../../src/domain/text/errors.ts";

const error = (code: ConstructorParameters<typeof CliaiError>[0]) => new CliaiError(code, "no");

test.each([
  ["no answer, however often", error("no_answer"), 0, true],
  ["a store that is full", error("store_unavailable"), 0, true],
  ["an error of NATS without a code of its own", error("failed"), 1, true],
  ["the same for a minute", error("failed"), 60, false],
  ["an agent that takes no task", error("refused"), 0, false],
  ["an error of this program", new TypeError("undefined is not an object"), 0, false],
])("mayPass(): %s", (_, thrown, failedTries, may) => {
  expect(mayPass(thrown, failedTries)).toBe(may);
});
