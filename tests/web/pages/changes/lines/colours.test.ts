import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { colourLines, languageOf } from "../../../../../src/web/pages/changes/lines/colours.ts";

test("languageOf() goes by the end of the name, or by the whole of it", () => {
  const names = [
    "src/a.ts",
    "b.PY",
    "Makefile",
    "x/Dockerfile",
    "c.hpp",
    "d.toml",
    "page.vue",
    "none",
    "e.unknown",
    ".ts/",
  ];
  expect(names.map(languageOf)).toEqual([
    ...["ts", "py", "makefile", "dockerfile", "cpp", "ini", "xml", undefined, undefined, undefined],
  ]);
});

describe("colourLines()", () => {
  test("has each line in pieces, also where a comment goes over several", () => {
    expect(colourLines(["/* a", " < b */ let x = '&amp;';"], "ts")).toEqual([
      [{ text: "/* a", colour: "c" }],
      [
        { text: " < b */", colour: "c" },
        { text: " " },
        { text: "let", colour: "k" },
        { text: " x = " },
        { text: "'&amp;'", colour: "s" },
        { text: ";" },
      ],
    ]);
    expect(colourLines(["let x", ""], undefined)).toEqual([[{ text: "let x" }], [{ text: "" }]]);
  });

  test("changes no character of any text, and has as many lines, whatever stands in them", () => {
    const word = fc.constantFrom(
      '<span class="hljs-k">',
      "</span>",
      "&lt;",
      "&",
      "'",
      '"',
      "`${",
      "}",
      "/*",
      "*/",
      "let ",
      "<b>",
      "\r",
    );
    const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(""));
    const languages = fc.constantFrom("typescript", "xml", "python", "markdown", "php", "css");
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), languages, (lines, language) => {
        const shown = colourLines(lines, language).map((pieces) => pieces.map(({ text }) => text).join(""));
        expect(shown).toEqual(lines);
      }),
    );
  });
});
