import { describe, expect, test } from "bun:test";
import { formQuestions, formReply, isForm } from "../../../src/agents/codex/codex-forms.ts";

const form = {
  type: "object",
  properties: {
    ok: { type: "boolean" },
    size: { type: "string", title: "Size", description: "How large?", enum: ["small", "large"] },
    count: { type: "integer" },
    note: { type: "string" },
    colour: { type: "string", oneOf: [{ const: "#f00", title: "Red" }, { const: "#00f" }] },
  },
} as const;

describe("isForm()", () => {
  test.each([
    [form, true],
    [{ type: "object", properties: {} }, false],
    [{ type: "object", properties: { many: { type: "array" } } }, false],
    [undefined, false],
  ])("%j: %p", (schema, expected) => {
    expect(isForm(schema)).toBe(expected);
  });
});

test("formQuestions() asks a question for each field, with its choices", () => {
  if (!isForm(form)) throw new Error("no form");
  expect(formQuestions("Proceed?", form)).toEqual([
    { question: "Proceed? ok", header: "ok", choices: [{ label: "yes" }, { label: "no" }], takes: "choice" },
    {
      question: "Proceed? How large?",
      header: "Size",
      choices: [{ label: "small" }, { label: "large" }],
      takes: "choice",
    },
    { question: "Proceed? count", header: "count", choices: [], takes: "whole_number" },
    { question: "Proceed? note", header: "note", choices: [] },
    {
      ...{ question: "Proceed? colour", header: "colour", takes: "choice" },
      choices: [{ label: "#f00", description: "Red" }, { label: "#00f" }],
    },
  ]);
});

describe("formReply()", () => {
  test.each([
    [
      ["yes", "large", "3", "as it is", "#f00"],
      { ok: true, size: "large", count: 3, note: "as it is", colour: "#f00" },
    ],
    [["No", "small", "0", "", "#00f"], { ok: false, size: "small", count: 0, note: "", colour: "#00f" }],
    [["maybe", "large", "3", "", "#f00"], undefined],
    [["yes", "huge", "3", "", "#f00"], undefined],
    [["yes", "large", "3.5", "", "#f00"], undefined],
    [["yes", "large", "", "", "#f00"], undefined],
    [["yes", "large", "3", "", "red"], undefined],
  ])("%j gives %j", (answers, content) => {
    if (!isForm(form)) throw new Error("no form");
    expect(formReply(form, answers)).toEqual(content);
  });
});
