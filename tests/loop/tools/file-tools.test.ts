import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { fileTools } from "../../../src/loop/tools/file-tools.ts";
import { createLongOutputs } from "../../../src/loop/tools/long-output.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const { signal } = new AbortController();

async function project(dir: TempDir, limit = 1_000) {
  const path = dir.join("project");
  await mkdir(path);
  const outputs = createLongOutputs(() => limit);
  const tools = fileTools({ project: path, outputs, limit: () => limit });
  const run = async (name: string, args: object) => {
    const tool = tools.find((each) => each.name === name);
    if (tool === undefined) throw new Error(`no ${name}`);
    return await tool.run(args as Record<string, unknown>, signal);
  };
  return { path, outputs, run, file: (name: string) => `${path}/${name}` };
}

test("read_file reads from a line on, as much as fits, and says where to read on", async () => {
  await using dir = await tempDir();
  const { run, file } = await project(dir, 30);
  await writeFile(file("a.txt"), Array.from({ length: 9 }, (_, index) => `line ${index + 1}`).join("\n"));
  expect((await run("read_file", { path: "a.txt" })).text).toBe(
    "line 1\nline 2\nline 3\nline 4\n[Lines 1 to 4 of 9. Read on with from_line 5.]",
  );
  expect((await run("read_file", { path: "a.txt", from_line: 7 })).text).toBe("line 7\nline 8\nline 9");
  expect((await run("read_file", { path: "a.txt", from_line: 70 })).text).toBe(
    "error: there are only 9 lines",
  );
});

test("read_file tells in words what it cannot read", async () => {
  await using dir = await tempDir();
  const { run, file } = await project(dir);
  await writeFile(file("binary"), Buffer.of(1, 0, 2));
  await writeFile(file("empty"), "");
  const text = async (path: string) => (await run("read_file", { path })).text;
  expect(await text("none")).toBe("error: there is no such file or folder");
  expect(await text(".")).toBe("error: it is a folder; use list_files");
  expect(await text("binary")).toBe("error: it is not a text file");
  expect(await text("empty")).toBe("[The file is empty.]");
});

test("invented and missing arguments are named", async () => {
  await using dir = await tempDir();
  const { run } = await project(dir);
  expect(await run("read_file", { path: "a", lines: 3 })).toEqual({
    ...{ text: 'error: there is no argument "lines"', isError: true },
  });
  expect((await run("read_file", {})).text).toContain('the argument "path"');
  expect((await run("read_file", { path: 7 })).text).toContain('the argument "path"');
});

test.each([["../secret"], ["/etc/passwd"], ["link/secret"], ["a/../../secret"], ["dangling"]])(
  "no tool leaves the project: %s",
  async (path) => {
    await using dir = await tempDir();
    const { run, file } = await project(dir);
    await mkdir(dir.join("outside"));
    await writeFile(dir.join("secret"), "top");
    await writeFile(dir.join("outside", "secret"), "top");
    await symlink(dir.join("outside"), file("link"));
    await symlink(dir.join("new"), file("dangling"));
    for (const [name, more] of [
      ["read_file", {}],
      ["write_file", { text: "x" }],
      ["edit_file", { old_text: "top", new_text: "x" }],
    ] as const) {
      const result = await run(name, { path, ...more });
      expect(result).toMatchObject({ isError: true });
      expect(result.text).not.toContain("top");
    }
    expect(await readFile(dir.join("secret"), "utf8")).toBe("top");
    expect(await readFile(dir.join("outside", "secret"), "utf8")).toBe("top");
    expect(existsSync(dir.join("new"))).toBe(false);
  },
);

test("write_file makes folders, and shows what it has replaced", async () => {
  await using dir = await tempDir();
  const { run, file } = await project(dir);
  const first = await run("write_file", { path: "src/a.ts", text: "one" });
  expect(first.text).toBe("wrote src/a.ts (3 characters)");
  const second = await run("write_file", { path: "src/a.ts", text: "two" });
  expect(second.diff).toEqual({ path: file("src/a.ts"), oldText: "one", newText: "two" });
  expect(await readFile(file("src/a.ts"), "utf8")).toBe("two");
});

test("write_file writes to files alone, and says so of one that was no text", async () => {
  await using dir = await tempDir();
  const { run, file } = await project(dir);
  expect(Bun.spawnSync(["mkfifo", file("pipe")]).exitCode).toBe(0);
  expect((await run("write_file", { path: "pipe", text: "x" })).text).toBe("error: it is not a file");
  expect((await run("write_file", { path: ".", text: "x" })).text).toBe("error: it is not a file");
  await writeFile(file("binary"), Buffer.of(1, 0, 2));
  expect((await run("write_file", { path: "binary", text: "x" })).text).toBe(
    "replaced binary (1 characters)",
  );
});

test("edit_file replaces a piece that stands there once, with `$&` as it is, and keeps the file's line ends", async () => {
  await using dir = await tempDir();
  const { run, file } = await project(dir);
  await writeFile(file("a.txt"), "one\r\ntwo\r\nthree\r\n");
  expect(
    await run("edit_file", { path: "a.txt", old_text: "two\nthree", new_text: "$&\nfour" }),
  ).toMatchObject({
    text: "edited a.txt",
  });
  expect(await readFile(file("a.txt"), "utf8")).toBe("one\r\n$&\r\nfour\r\n");
});

test("edit_file changes nothing where the piece is missing or stands there twice", async () => {
  await using dir = await tempDir();
  const { run, file } = await project(dir);
  await writeFile(file("a.txt"), "ab ab");
  const edit = async (old_text: string) =>
    (await run("edit_file", { path: "a.txt", old_text, new_text: "x" })).text;
  expect(await edit("cd")).toBe("error: old_text does not stand in a.txt; read the file again");
  expect(await edit("ab")).toBe("error: old_text stands 2 times in a.txt; take a longer piece");
  expect(await readFile(file("a.txt"), "utf8")).toBe("ab ab");
});

test("a long result is cut, and read_file reads the whole of it by the name that the cut tells", async () => {
  await using dir = await tempDir();
  const { run, outputs } = await project(dir, 200);
  const whole = Array.from({ length: 100 }, (_, index) => `row ${index + 1}`).join("\n");
  const cut = outputs.cut(whole);
  expect(cut.length).toBeLessThan(350);
  expect(cut).toStartWith("row 1\n");
  expect(cut).toEndWith("row 100");
  const [, name = "", line = ""] = /path "(output:\d+)" and from_line (\d+)/.exec(cut) ?? [];
  const rest = await run("read_file", { path: name, from_line: Number(line) });
  expect(rest.text).toStartWith(`row ${line}`);
});
