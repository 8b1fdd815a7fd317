import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import type { Notice } from "../../../src/build-info.ts";
import { noticeLines, readNotices } from "../../../src/cli/licenses/licenses.ts";
import { failureOf } from "../../support/error-of.ts";
import { tempDir } from "../../support/temp-dir.ts";

const notices = [
  { name: "cliai", version: "1", license: "MIT", kind: "own" as const, texts: ["one\n"] },
  { name: "a", version: "2", license: "ISC", kind: "npm" as const, texts: ["two", "note"] },
  { name: "b", version: "", license: "ISC", kind: "nats-server" as const, texts: ["two\n"] },
];

test("noticeLines() lists each part, and prints each text once with the parts that have it", () => {
  const lines = noticeLines(notices);
  expect(lines.slice(0, 3)).toEqual([
    "cliai  1  MIT",
    "a      2  ISC  npm package",
    "b         ISC  in nats-server",
  ]);
  const rule = "-".repeat(80);
  expect(lines.slice(3)).toEqual([
    ...["", rule, "cliai", "", "one"],
    ...["", rule, "a, b", "", "two"],
    ...["", rule, "a", "", "note"],
  ]);
});

test("noticeLines() says of which parts there are no copyright lines", () => {
  const lines = noticeLines([
    { ...(notices[0] as Notice) },
    { name: "c", version: "", license: "MIT", kind: "bun-part", texts: ["mit"], isStandard: true },
  ]);
  expect(lines.slice(0, 4)).toEqual([
    "cliai  1  MIT",
    "c         MIT  in Bun",
    "",
    "Not here: the copyright lines of c. For these, only the text of the licence itself is printed.",
  ]);
});

test("readNotices() reads what the build has written; a run from source has none", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("notices.json.gz"), gzipSync(JSON.stringify(notices)));
  expect(await readNotices(dir.join("notices.json.gz"))).toEqual(notices);
  expect(await failureOf(readNotices(undefined))).toMatchObject({
    code: "failed",
    hint: expect.stringContaining("build.ts"),
  });
});
