import { describe, expect, test } from "bun:test";
import { createTwoFilesPatch } from "diff";
import fc from "fast-check";
import { parseFilePatch, splitPatch } from "../../../src/domain/changes/patch.ts";

const patch = `diff --git a/one.txt b/one.txt
index 1..2 100644
--- a/one.txt
+++ b/one.txt
@@ -10,2 +10,2 @@ function one() {
 same
--- a line that begins with dashes
+diff --git a/x b/x
\\ No newline at end of file
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-gone
`;

describe("splitPatch()", () => {
  test("has a piece for each file, also where a line of a file looks like a head", () => {
    expect(splitPatch(patch).map((piece) => piece.split("\n")[0])).toEqual([
      "diff --git a/one.txt b/one.txt",
      "diff --git a/gone.txt b/gone.txt",
    ]);
    expect(splitPatch(patch, true)).toHaveLength(1);
    expect(splitPatch("")).toEqual([]);
  });
});

describe("parseFilePatch()", () => {
  test("has the lines with their numbers before and now, and the heading", () => {
    const [first = "", second = ""] = splitPatch(patch);
    expect(parseFilePatch(first)).toEqual({
      ...{ oldPath: "one.txt", newPath: "one.txt" },
      hunks: [
        {
          ...{ old_start: 10, new_start: 10, heading: "function one() {" },
          lines: [
            { kind: "same", old: 10, new: 10, text: "same" },
            { kind: "deleted", old: 11, text: "-- a line that begins with dashes" },
            { kind: "added", new: 11, text: "diff --git a/x b/x", is_unended: true },
          ],
        },
      ],
    });
    expect(parseFilePatch(second)).toMatchObject({ oldPath: "gone.txt", newPath: undefined });
  });

  test("whatever the texts are, its lines are those of the file before and of the file now", () => {
    const text = fc.array(
      fc.constantFrom(
        "a",
        "b",
        "-c",
        "+d",
        "@@ -1 +1 @@",
        "diff --git",
        "x\rdiff --git a/f b/f",
        "x\r@@ -1 +1 @@",
        "\u2028diff --git ",
        "\\ x",
        "",
      ),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(text, text, (before, now) => {
        const asText = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
        const body = createTwoFilesPatch("a/f", "b/f", asText(before), asText(now), "", "", { context: 100 });
        const { hunks } = parseFilePatch(`diff --git a/f b/f\n${body.slice(body.indexOf("---"))}`);
        const lines = hunks.flatMap((hunk) => hunk.lines);
        if (before.join("\n") === now.join("\n") && before.length === now.length) return lines.length === 0;
        const textOf = (side: "old" | "new") =>
          lines.filter((line) => line[side] !== undefined).map((line) => line.text);
        expect(textOf("old")).toEqual(before);
        expect(textOf("new")).toEqual(now);
        return true;
      }),
    );
  });
});
