import { expect, test } from "bun:test";
import { failureIn } from "../../../../src/cli/serve/launch/agent-child.ts";

test.each([
  [
    "starting ada (claude in /work)\nerror: cannot start claude: there is no such program on PATH\nhint: install it: npm install -g x\n",
    "cannot start claude: there is no such program on PATH (install it: npm install -g x)",
  ],
  ["error: one\nhint: first\nlater words\nerror: two\n", "two"],
  ["Segmentation fault\n  (core dumped)\n", "Segmentation fault (core dumped)"],
  ["", ""],
])("failureIn(%j) is the last error with its hint, or all of the output", (output, words) => {
  expect(failureIn(output)).toBe(words);
});
