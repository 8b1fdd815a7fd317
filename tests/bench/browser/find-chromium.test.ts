import { expect, test } from "bun:test";
import { findChromium } from "../../../src/bench/browser/find-chromium.ts";

test("findChromium() says what to do when there is none, and names a wrong CHROMIUM_PATH", () => {
  expect(() => findChromium({ PATH: "/nowhere" })).toThrow("CHROMIUM_PATH");
  expect(() => findChromium({ PATH: process.env.PATH, CHROMIUM_PATH: "/no/chromium" })).toThrow(
    "/no/chromium",
  );
});
