import { describe, expect, test } from "bun:test";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { partsInList, readBunParts } from "../../.ci/build/notices/bun-parts.ts";
import { findBundledPackages, packageFolderOf } from "../../.ci/build/notices/bundled-packages.ts";
import { goModulesOf } from "../../.ci/build/notices/go-modules.ts";
import { collectNotices, type Parts, readLicenseRules } from "../../.ci/build/notices/notices.ts";
import { failureOf } from "../support/error-of.ts";
import { testNatsServer } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";

const projectDir = join(import.meta.dirname, "..", "..");
const rules = await readLicenseRules(projectDir);
const parts: Parts = {
  ...{ version: "9.9.9", bunVersion: "1.4.5", packages: [] },
  natsServer: { version: "2.15.1", modules: [] },
};
const collect = (more: Partial<Parts>) => collectNotices({ ...parts, ...more }, rules, projectDir);
const bunParts = await readBunParts(projectDir);
const packageWith = (license: string) => [{ name: "left-pad", version: "1.0.0", license, texts: ["text"] }];

describe("collectNotices()", () => {
  test("has cliai's own licence, Bun's with its parts, nats-server's and Go's", async () => {
    const notices = await collect({});
    expect(
      notices.filter(({ kind }) => kind !== "bun-part").map(({ name, license }) => [name, license]),
    ).toEqual([
      ["cliai", "MIT"],
      ["bun", "MIT AND LGPL-2.1-or-later"],
      ["github.com/nats-io/nats-server/v2", "Apache-2.0"],
      ["Go", "BSD-3-Clause"],
    ]);
    for (const { texts } of notices) expect(texts.join("").length).toBeGreaterThan(500);
    expect(notices[1]?.texts[0]).toContain("JavaScriptCore");
  });

  test("has each part of Bun's own list, with the texts of its licence", async () => {
    const dir = join(projectDir, "configs", "licenses", "bun");
    const listed = partsInList(await readFile(join(dir, "LICENSE.md"), "utf8"));
    expect(listed.length).toBeGreaterThan(45);
    const ofBun = (await collect({})).filter(({ kind }) => kind === "bun-part");
    // Bun's list names these two beside its tables.
    expect(ofBun.map(({ name }) => name).sort()).toEqual([...listed, "JavaScriptCore", "esbuild"].sort());
    const textOf = (name: string) => ofBun.find((part) => part.name === name)?.texts.join() ?? "";
    expect(textOf("JavaScriptCore")).toContain("GNU LIBRARY GENERAL PUBLIC LICENSE");
    expect(textOf("tinycc")).toContain("GNU LESSER GENERAL PUBLIC LICENSE");
    expect(textOf("zstd")).toContain("Copyright (c) Meta Platforms");
    // What has no copyright line says so.
    const silent = ofBun.filter(
      ({ isStandard, texts }) => !isStandard && !/copyright|\(c\)/i.test(texts.join()),
    );
    expect(silent).toEqual([]);
  });

  test("stops the build at a part of Bun whose licence nobody has looked at", async () => {
    await using dir = await tempDir();
    await cp(join(projectDir, "configs"), dir.join("configs"), { recursive: true });
    const list = dir.join("configs", "licenses", "bun", "LICENSE.md");
    await writeFile(list, `${await readFile(list, "utf8")}\n| [\`new-part\`](https://example.org) | MIT |\n`);
    expect(await failureOf(readBunParts(dir.path))).toMatchObject({
      message: "Bun has the part new-part inside, whose licence is not known",
      hint: expect.stringContaining("configs/licenses/bun/parts.json"),
    });
  });

  test.each(["MIT", "ISC OR GPL-3.0-only", "(MIT OR Apache-2.0)", "BSD-3-Clause AND MIT"])(
    "allows %s",
    async (license) => {
      expect(await collect({ packages: packageWith(license) })).toHaveLength(5 + bunParts.length);
    },
  );

  test.each(["GPL-3.0-only", "MIT AND GPL-3.0-only", "SEE LICENSE IN LICENSE.md", "UNLICENSED", ""])(
    "stops the build at %p",
    async (license) => {
      expect(await failureOf(collect({ packages: packageWith(license) }))).toMatchObject({
        ...{ code: "failed", message: `left-pad 1.0.0 has the licence "${license}", which is not allowed` },
        hint: expect.stringContaining("configs/licenses/licenses.json"),
      });
    },
  );

  test("stops the build at a Go module whose licence nobody has looked at", async () => {
    const modules = [{ path: "example.org/new", version: "1.0.0" }];
    expect(await failureOf(collect({ natsServer: { version: "2.15.1", modules } }))).toMatchObject({
      message: "nats-server has the Go module example.org/new inside, whose licence is not known",
      hint: expect.stringContaining("configs/licenses/go/example.org/new"),
    });
  });
});

test("goModulesOf() reads the modules of the real nats-server, and each has its licence", async () => {
  const modules = goModulesOf(await readFile(await testNatsServer()));
  expect(modules.map(({ path }) => path)).toContain("github.com/nats-io/nats-server/v2");
  expect(modules.length).toBeGreaterThan(6);
  expect(modules.filter(({ path }) => rules.go[path] === undefined)).toEqual([]);
  expect(modules.find(({ path }) => path === "golang.org/x/sys")).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    sum: expect.stringMatching(/^h1:/),
  });
  expect(goModulesOf(Buffer.from("path\tto nothing\n"))).toEqual([]);
});

test("findBundledPackages() finds what is in the executable, and nothing else; each with a text", async () => {
  const packages = await findBundledPackages(join(projectDir, "src", "main.ts"), projectDir);
  const names = packages.map(({ name }) => name);
  expect(names).toContain("nats");
  expect(names).not.toContain("typescript");
  // Only a tool of the build.
  expect(names).not.toContain("spdx-satisfies");
  expect(packages.filter(({ texts }) => texts.length === 0)).toEqual([]);
  expect(packageFolderOf("../x/node_modules/@a/b/dist/c.js")).toEqual(["node_modules/@a/b"]);
  expect(packageFolderOf("node_modules/a/node_modules/b/c.js")).toEqual(["node_modules/a/node_modules/b"]);
  expect(packageFolderOf("src/main.ts")).toEqual([]);
});

test("configs/licenses/go has the text of each module that licenses.json names", async () => {
  for (const path of Object.keys(rules.go))
    expect(await readdir(join(projectDir, "configs", "licenses", "go", ...path.split("/")))).toContain(
      "LICENSE",
    );
});
