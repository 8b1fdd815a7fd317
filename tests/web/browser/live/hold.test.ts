// What the button that pauses the page says, and how parts are told apart.
import { expect, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../../../src/web/browser/live/hold.js");
const { changes, idOf } = (await import(script)) as {
  readonly changes: (count: number) => string;
  readonly idOf: (part: string) => string;
};

test("says how much waits", () => {
  expect([0, 1, 12].map(changes)).toEqual(["nothing waits", "1 change waits", "12 changes wait"]);
});

test.each([
  ['<tr id="agent-ada" class="row"><td id="x">', "agent-ada"],
  ['<ul hidden="" id="open-needs"></ul>', "open-needs"],
  ["<p>", ""],
  ['<p class="a"><b id="inner">', ""],
])("the id of %s is %p", (part, id) => {
  expect(idOf(part)).toBe(id);
});
