import { expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createLongOutputs } from "../../../src/loop/tools/long-output.ts";
import { searchTools } from "../../../src/loop/tools/search-tools.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const { signal } = new AbortController();

async function project(dir: TempDir) {
  for (const folder of ["src/deep", "node_modules/x", ".git"])
    await mkdir(dir.join(folder), { recursive: true });
  await writeFile(dir.join("src/a.ts"), "const one = 1;\n// TODO: (two)\n");
  await writeFile(dir.join("src/deep/b.ts"), "x\n".repeat(3));
  await writeFile(dir.join("README.md"), "one\n");
  await writeFile(dir.join("node_modules/x/c.ts"), "one");
  await writeFile(dir.join(".git/HEAD"), "one");
  await writeFile(dir.join("image"), Buffer.from([111, 110, 101, 0]));
  await symlink("/", dir.join("src/root"));
  const place = { project: dir.path, outputs: createLongOutputs(() => 10_000), limit: () => 10_000 };
  const [list, search] = searchTools(place);
  if (list === undefined || search === undefined) throw new Error("a tool is missing");
  return {
    list: async (args: object) => (await list.run(args as Record<string, unknown>, signal)).text,
    search: async (args: object) => (await search.run(args as Record<string, unknown>, signal)).text,
  };
}

test("list_files lists what is below a folder, without what others made, and follows no link", async () => {
  await using dir = await tempDir();
  const { list } = await project(dir);
  expect((await list({})).split("\n")).toEqual([
    "README.md",
    "image",
    "src/a.ts",
    "src/deep/b.ts",
    "src/root",
  ]);
  expect(await list({ folder: "src/deep" })).toBe("src/deep/b.ts");
  expect(await list({ files: "*.ts" })).toBe("src/a.ts\nsrc/deep/b.ts");
  expect(await list({ files: "src/*.ts" })).toBe("src/a.ts");
  expect(await list({ files: "*.go" })).toBe("[There are no such files.]");
  expect(await list({ folder: "src/root" })).toBe("error: src/root is outside of the project");
});

test("search finds a text as it is, with file and line, and skips what is no text", async () => {
  await using dir = await tempDir();
  const { search } = await project(dir);
  expect(await search({ text: "one" })).toBe("README.md:1: one\nsrc/a.ts:1: const one = 1;");
  expect(await search({ text: "(two)" })).toBe("src/a.ts:2: // TODO: (two)");
  expect(await search({ text: "one", files: "*.md" })).toBe("README.md:1: one");
  expect(await search({ text: "nowhere" })).toBe("[Nothing found.]");
});

test("search reads nothing outside of the project, not even by a link to a file", async () => {
  await using dir = await tempDir();
  await using outside = await tempDir();
  const { list, search } = await project(dir);
  await writeFile(outside.join("secret"), "top secret\n");
  await symlink(outside.join("secret"), dir.join("link"));
  expect(await list({ files: "link" })).toBe("link");
  expect(await search({ text: "top secret" })).toBe("[Nothing found.]");
});

test("a folder that cannot be read hides no other one", async () => {
  await using dir = await tempDir();
  const { list, search } = await project(dir);
  // Its path is longer than the system takes, which root cannot read either.
  const deep = 'n=$(printf "%0200d" 0); for i in $(seq 30); do mkdir "$n" && cd -P "$n" || exit 1; done';
  await mkdir(dir.join("deep"));
  expect(Bun.spawnSync(["/bin/sh", "-c", deep], { cwd: dir.join("deep") }).exitCode).toBe(0);
  try {
    expect(await list({ files: "*.ts" })).toBe("src/a.ts\nsrc/deep/b.ts");
    expect(await search({ text: "(two)" })).toBe("src/a.ts:2: // TODO: (two)");
    expect(await list({ folder: "none" })).toBe("error: there is no such file or folder");
  } finally {
    expect(Bun.spawnSync(["rm", "-rf", dir.join("deep")]).exitCode).toBe(0);
  }
});

test("both tools say how much more there is", async () => {
  await using dir = await tempDir();
  const { list, search } = await project(dir);
  await mkdir(dir.join("many"));
  for (let index = 0; index < 320; index += 1) await writeFile(dir.join(`many/${index}.txt`), "same\n");
  expect((await list({ folder: "many" })).split("\n").at(-1)).toBe("[20 others; name a folder or a pattern]");
  const found = (await search({ text: "same" })).split("\n");
  expect(found).toHaveLength(101);
  expect(found.at(-1)).toBe("[The first 100 lines. Name a folder or a pattern for others.]");
});
