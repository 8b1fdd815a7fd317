import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { inputPath, openQwenInput } from "../../../src/agents/qwen/qwen-input.ts";
import { silentLogger } from "../../../src/log.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("openQwenInput(): each text is one line, whatever is in it", async () => {
  await using dir = await tempDir();
  const input = openQwenInput({
    launch: { dir: dir.path },
    onHook: async () => ({ type: "go" }),
    onEvent: () => undefined,
    log: silentLogger,
  });
  expect(input.tellsAsked).toBe(false);
  const texts = ["first\nwith two lines", 'second "quoted" \u2028and\u2029more\u0085'];
  for (const text of texts) await input.submit(text);
  // As Qwen Code reads the file: by `node:readline`, which ends a line at these, too.
  const lines = readFileSync(inputPath({ dir: dir.path }), "utf8")
    .trimEnd()
    .split(/[\n\u2028\u2029]/);
  expect(lines.map((line) => JSON.parse(line))).toEqual(texts.map((text) => ({ type: "submit", text })));
});
