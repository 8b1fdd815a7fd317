import { describe, expect, test } from "bun:test";
import { chooseModel } from "../../../src/loop/model/choose-model.ts";
import { errorOf } from "../../support/error-of.ts";

const url = "http://gpu:8080/v1/";
const choose = (model: string | undefined, ...ids: string[]) =>
  chooseModel(
    { url, model },
    ids.map((id) => ({ id })),
  );

describe("chooseModel()", () => {
  test("takes the only one, and of several the one that is named: also by the name of its file, and without Ollama's tag", () => {
    expect(choose(undefined, "tiny")).toBe("tiny");
    expect(choose("llama3", "qwen:latest", "llama3:latest")).toBe("llama3:latest");
    for (const name of ["tiny", "tiny.gguf", "/models/tiny.gguf"])
      expect(choose(name, "/models/tiny.gguf", "big")).toBe("/models/tiny.gguf");
  });

  test("a full name comes before that of a file", () => {
    expect(choose("tiny", "/models/tiny.gguf", "tiny")).toBe("tiny");
  });

  test("trusts the name where the server lists none, as a proxy does", () => {
    expect(choose("hidden")).toBe("hidden");
  });

  test.each<[string | undefined, string[], string, string]>([
    [undefined, [], "has no model", "load or pull one there first, such as: ollama pull NAME"],
    [
      undefined,
      ["/m/a.gguf", "b"],
      "has 2 models, and none was named",
      "name one: --model a.gguf; it has a.gguf, b",
    ],
    ["qwem", ["qwen", "b"], 'has no model "qwem"', "did you mean qwen?; it has qwen, b"],
    [
      "zzz",
      Array.from({ length: 12 }, (_, n) => `m${n}`),
      'has no model "zzz"',
      "it has m0, m1, m2, m3, m4, m5, m6, m7, m8, m9 and 2 more",
    ],
  ])("%j of %j is none", (model, ids, what, hint) => {
    expect(errorOf(() => choose(model, ...ids))).toMatchObject({
      code: "config_invalid",
      message: `the model server at http://gpu:8080 ${what}`,
      hint,
    });
  });
});
