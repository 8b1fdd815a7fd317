import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escapeFields, fillTemplate, placeholdersIn } from "../../../src/domain/notices/fill-template.ts";

describe("fillTemplate()", () => {
  test("fills the texts of a JSON value, and neither its keys nor what no field is for", () => {
    const template = { "{a}": ["{a} and {b}", 3, null, { c: "{c}" }], d: "{A} {}" };
    expect(fillTemplate(template, { a: "1", b: "{a}" })).toEqual({
      "{a}": ["1 and {a}", 3, null, { c: "{c}" }],
      d: "{A} {}",
    });
  });

  test("no field changes the form of the value", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const filled = JSON.parse(JSON.stringify(fillTemplate({ body: { text: "{text}" } }, { text })));
        expect(filled).toEqual({ body: { text } });
      }),
    );
  });

  test("knows no field of every object", () => {
    expect(fillTemplate("{constructor}", {})).toBe("{constructor}");
  });
});

test("placeholdersIn() names each once", () => {
  expect([...placeholdersIn({ a: ["{x} {y}"], "{z}": "{x}", n: 1 })]).toEqual(["x", "y"]);
});

test("escapeFields() replaces each character once", () => {
  const escapes = { "&": "&amp;", "<": "&lt;" };
  expect(escapeFields({ a: "<!channel> & &lt;" }, escapes)).toEqual({ a: "&lt;!channel> &amp; &amp;lt;" });
  expect(escapeFields({ a: "<" }, {})).toEqual({ a: "<" });
});
