// Data of a newer cliai is refused rather than misread; data of an older one is not.
import { expect, test } from "bun:test";
import {
  layoutMetadata,
  layoutVersion,
  requireKnownLayout,
  requireKnownStream,
} from "../../src/domain/layout.ts";
import { errorOf } from "../support/error-of.ts";

test("requireKnownLayout() refuses a newer layout, with whose it is, and takes this one and older ones", () => {
  expect(errorOf(() => requireKnownLayout(layoutVersion + 1, "/d", "cliai 9.0.0"))).toMatchObject({
    code: "config_invalid",
    message: `/d has layout ${layoutVersion + 1}, of cliai 9.0.0: this cliai knows layout ${layoutVersion}`,
    hint: expect.stringContaining("--data-dir DIR"),
  });
  for (let layout = 1; layout <= layoutVersion; layout += 1)
    expect(() => requireKnownLayout(layout, "/d")).not.toThrow();
});

test("requireKnownStream() knows the layout by what cliai itself writes; a stream without it is of 0.1.0 or another program's", () => {
  const [[key, written] = ["", ""]] = Object.entries(layoutMetadata);
  expect(written).toBe(String(layoutVersion));
  const newer = { [key]: String(layoutVersion + 1) };
  expect(errorOf(() => requireKnownStream("AUDIT", newer)).message).toStartWith(
    "the stream AUDIT has layout ",
  );
  for (const metadata of [layoutMetadata, undefined, {}, { [key]: "1" }, { [key]: "x" }, { other: "99" }])
    expect(() => requireKnownStream("AUDIT", metadata)).not.toThrow();
});
