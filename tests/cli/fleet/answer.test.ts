// Which answers contradict themselves. `cliai answer` finds that out before it looks for a server.
import { expect, test } from "bun:test";
import { answerCommand } from "../../../src/cli/fleet/answer.ts";
import { testContext } from "../../support/cli-context.ts";

test.each([
  [
    ["r1", "--approve", "--refuse"],
    "--approve and --refuse exclude each other",
    "cliai answer r1 --approve, or: cliai answer r1 --refuse",
  ],
  [
    ["r1", "yes", "--approve"],
    '--approve takes no TEXT, but "yes" is given',
    'give it as the reason: --reason "…"',
  ],
  [
    ["r1", "no", "--refuse"],
    '--refuse takes no TEXT, but "no" is given',
    'give it as the reason: --reason "…"',
  ],
  [["r1", "--rule", "agent"], "--rule needs --approve", "cliai answer r1 --approve --rule agent"],
  [["r1", "--refuse", "--rule", "agent"], "--rule needs --approve", "cliai answer r1 --approve --rule agent"],
])("cliai answer %p: %p", async (args, message, hint) => {
  await expect(answerCommand.run(args, testContext())).rejects.toMatchObject({
    code: "usage",
    message,
    hint,
  });
});
