import { describe, expect, test } from "bun:test";
import { formQuestions, formReply, isForm } from "../../../src/agents/codex/codex-forms.ts";

const form = {
  type: "object",
  properties: {
    ok: { type: "boolean" },
    size: { type: "string", title: "Size", description: "How large?", enum: ["small", "large"] },
    count: { type: "integer" },
    note: { type: "string" },
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
    { question: "Proceed? ok", header: "ok", choices: [{ label: "yes" }, { label: "no" }] },
    {
      question: "Proceed? How large?",
      header: "Size",
      choices: [{ label: "small" }, { label: "large" }],
    },
    { question: "Proceed? count", header: "count", choices: [] },
    { question: "Proceed? note", header: "note", choices: [] },
  ]);
});

describe("formReply()", () => {
  test.each([
    [["yes", "large", "3", "as it is"], { ok: true, size: "large", count: 3, note: "as it is" }],
    [["No", "small", "0", ""], { ok: false, size: "small", count: 0, note: "" }],
    [["maybe", "large", "3", ""], undefined],
    [["yes", "huge", "3", ""], undefined],
    [["yes", "large", "3.5", ""], undefined],
    [["yes", "large", "", ""], undefined],
  ])("%j gives %j", (answers, content) => {
    if (!isForm(form)) throw new Error("no form");
    expect(formReply(form, answers)).toEqual(content);
  });
});
