import { describe, expect, test } from "bun:test";
import { readPrompt } from "../../../src/domain/agent-protocol/read-prompt.ts";
import { leastRatio, msOf } from "../../support/quickest.ts";

const read = (text: string) => readPrompt(new TextEncoder().encode(text));

describe("readPrompt()", () => {
  test("takes plain text, an object, and any other JSON as text", () => {
    expect(read("count the words").text).toBe("count the words");
    expect(read(` {"prompt":"count","unknown":1}`).text).toBe("count");
    expect(read("[1]").text).toBe("[1]");
  });

  test("decodes the files that come with it", () => {
    const { attachments } = read(`{"prompt":"read","attachments":[{"filename":"a/b.txt","content":"aMOk"}]}`);
    expect(attachments.map(({ filename }) => filename)).toEqual(["a/b.txt"]);
    expect(new TextDecoder().decode(attachments[0]?.content)).toBe("hä");
  });

  test("decodes a large file, in no more than a few times what JSON takes", async () => {
    const content = new Uint8Array(5 * 1024 * 1024).map((_, at) => (at * 31) % 251);
    const attachments = [{ filename: "a", content: content.toBase64() }];
    const data = new TextEncoder().encode(JSON.stringify({ prompt: "read", attachments }));
    expect(Buffer.compare(readPrompt(data).attachments[0]?.content ?? new Uint8Array(), content)).toBe(0);
    const most = 8;
    const ratio = await leastRatio(most, async () => {
      const parsing = await msOf(async () => JSON.parse(new TextDecoder().decode(data)));
      return (await msOf(async () => readPrompt(data))) / parsing;
    });
    expect(ratio).toBeLessThanOrEqual(most);
  });

  test.each(["%%", "aMOk\n", "a A==", "aMO", "aMOk=", "YR==", "__8="])(
    "refuses the content %j",
    (content) => {
      const text = JSON.stringify({ prompt: "a", attachments: [{ filename: "a", content }] });
      expect(() => read(text)).toThrow("the content of an attachment is not base64");
    },
  );

  test.each([
    ["", "the prompt is empty"],
    ["  \n", "the prompt is empty"],
    [`{"prompt":""}`, "the prompt is empty"],
    ["{bad", "the prompt begins with { and is not JSON"],
    [`{"text":"count"}`, `"prompt" must be a text`],
    [`{"prompt":5}`, `"prompt" must be a text`],
    [`{"prompt":"a","attachments":5}`, `"attachments" must be a list`],
    [`{"prompt":"a","attachments":[{"content":""}]}`, "an attachment needs a filename and a content"],
    [`{"prompt":"a","attachments":[{"filename":"a"}]}`, "an attachment needs a filename and a content"],
  ])("refuses %j", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("refuses bytes that are not UTF-8, and more files than a prompt may have", () => {
    expect(() => readPrompt(Uint8Array.of(0xff))).toThrow("the prompt is not UTF-8");
    const attachments = Array.from({ length: 33 }, () => ({ filename: "a", content: "" }));
    expect(() => read(JSON.stringify({ prompt: "a", attachments }))).toThrow("at most 32 attachments");
  });
});
