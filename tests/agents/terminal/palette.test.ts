import { expect, test } from "bun:test";
import { nearestColour } from "../../../src/agents/terminal/palette.ts";

test.each([
  [0x000000, 16],
  [0xffffff, 231],
  [0xff0000, 196],
  [0x0087ff, 33],
  [0x5f87af, 67],
  [0x808080, 244],
  [0x121212, 233],
  // Between two greys: the nearer one, and not a colour of the cube.
  [0x646564, 241],
])("nearestColour() of %p is %p", (rgb, colour) => {
  expect(nearestColour(rgb)).toBe(colour);
});
