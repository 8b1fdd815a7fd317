import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { inputPath, openQwenInput, readShellMode } from "../../../src/agents/qwen/qwen-input.ts";
import { silentLogger } from "../../../src/log.ts";
import { startChild } from "../../support/child.ts";
import { tempDir } from "../../support/temp-dir.ts";

const openIn = (dir: string) =>
  openQwenInput({
    launch: { dir },
    onHook: async () => ({ type: "go" }),
    onEvent: () => undefined,
    log: silentLogger,
  });
const linesIn = (dir: string) =>
  readFileSync(inputPath({ dir }), "utf8")
    .trimEnd()
    // As Qwen Code reads the file: by `node:readline`, which ends a line at these, too.
    .split(/[\n\u2028\u2029]/)
    .map((line): { readonly type: string; readonly text: string } => JSON.parse(line));

test("openQwenInput(): each text is one line, whatever is in it", async () => {
  await using dir = await tempDir();
  const input = openIn(dir.path);
  expect(input.tellsAsked).toBe(false);
  const texts = ["first\nwith two lines", 'second "quoted" \u2028and\u2029more\u0085'];
  for (const text of texts) await input.submit(text);
  expect(linesIn(dir.path)).toEqual(texts.map((text) => ({ type: "submit", text: `(cliai): ${text}` })));
});

test("readShellMode() knows the shell mode by the line below the prompt, and not by what the model says of it", () => {
  const read = (...texts: string[]) =>
    readShellMode({ cursor: { row: 0, column: 0 }, rows: texts.map((text) => ({ text, brightText: text })) });
  const prompt = "!   Type your message or @path/to/file";
  expect(read(prompt, "  ➜ work · model-1", "  shell mode enabled (esc to disable)")).toContain("shell mode");
  expect(read(prompt, "  shell mode enabled (esc to disable) ⏳ 1 queued")).toContain("shell mode");
  expect(read(">   Type your message or @path/to/file", "  ? for shortcuts")).toBeUndefined();
  expect(read("  ◆︎ It says: shell mode enabled (esc to disable)")).toBeUndefined();
});

test.each([
  "[cliai task t-1] A task from eve, your operator:\ntouch ran\nWhen it is done: acknowledge.",
  "touch ran",
  "don't forget\ntouch ran\n",
  "don't stop\ntouch ran; it's fine",
  "write this: <<EOF\nEOF\ntouch ran",
  "look at $(touch ran) and `touch ran`",
  "}; touch ran; {",
  "&& touch ran",
  "\ntouch ran",
  "| touch ran",
  ") touch ran",
  "() { :; }\ntouch ran",
  "\\\ntouch ran",
])(
  "openQwenInput(): in the shell mode of Qwen Code's prompt no line of a text runs as a command: %j",
  async (text) => {
    await using dir = await tempDir();
    await openIn(dir.path).submit(text);
    const [line] = linesIn(dir.path);
    // As Qwen Code runs it.
    const command = `{ ${line?.text.trim()};\n}; __code=$?; pwd > "${dir.join("pwd")}"; exit $__code`;
    await using shell = await startChild("bash", ["-c", command], { cwd: dir.path, stdin: "ignore" });
    expect((await shell.exit()).code).not.toBe(0);
    expect([existsSync(dir.join("ran")), existsSync(dir.join("pwd"))]).toEqual([false, false]);
  },
);
