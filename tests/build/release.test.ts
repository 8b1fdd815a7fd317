// What `bun build.ts --all` writes beside the executables: from files that stand for them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fillTemplate, type ReleaseFacts } from "../../.ci/build/release/fill-template.ts";
import { sbomText } from "../../.ci/build/release/sbom.ts";
import { writeRelease } from "../../.ci/build/release/write-release.ts";
import { targetNames, targets } from "../../.ci/build/targets.ts";
import type { Notice } from "../../src/build-info.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const notices: Notice[] = [
  { name: "cliai", version: "9.9.9", license: "MIT", kind: "own", texts: [] },
  { name: "bun", version: "1.4.5", license: "MIT AND LGPL-2.1-or-later", kind: "bun", texts: [] },
  {
    name: "LLVM libc++abi",
    version: "",
    license: "Apache-2.0 WITH LLVM-exception",
    kind: "bun-part",
    texts: [],
  },
  { name: "@nats-io/jwt", version: "0.0.11", license: "Apache-2.0", kind: "npm", texts: [] },
  { name: "golang.org/x/sys", version: "0.48.0", license: "BSD-3-Clause", kind: "nats-server", texts: [] },
  { name: "Go", version: "", license: "BSD-3-Clause", kind: "nats-server", texts: [] },
];
const projectDir = join(import.meta.dirname, "..", "..");

let dir: TempDir;
beforeAll(async () => {
  dir = await tempDir();
  await mkdir(dir.join("dist"));
  const executables = targetNames.map((target) => ({
    target,
    file: `cliai-${target}${targets[target].suffix}`,
  }));
  for (const { file } of executables)
    await writeFile(dir.join("dist", file), `#!/bin/sh\necho "${file} $*"\n`);
  const facts = { version: "9.9.9", description: "It runs agents", now: new Date("2026-11-30T12:00:00Z") };
  const options = { projectDir, distDir: dir.join("dist"), downloadUrl: undefined, executables, notices };
  await writeRelease({ ...options, ...facts });
});
afterAll(() => dir[Symbol.asyncDispose]());

const written = (name: string) => readFile(dir.join("dist", name), "utf8");
const install = (env: Record<string, string>, shell = "sh") =>
  spawnSync(shell, [dir.join("dist", "install.sh")], {
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", HOME: dir.join("home"), ...env },
  });

describe("writeRelease()", () => {
  test("writes checksums of all files, which sha256sum checks", async () => {
    const files = (await readdir(dir.join("dist"))).filter((name) => name !== "SHA256SUMS");
    expect(files).toHaveLength(targetNames.length + 5);
    const checked = execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
      cwd: dir.join("dist"),
      encoding: "utf8",
    });
    expect(checked.trim().split("\n").sort()).toEqual(files.map((name) => `${name}: OK`).sort());
  });

  test.each(["sh", "bash"])(
    "writes a script for %s that installs the executable of this machine",
    async (shell) => {
      const home = dir.join(`home-${shell}`);
      const { status, stdout, stderr } = install({ HOME: home }, shell);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const path = join(home, ".local", "bin", "cliai");
      expect(stdout).toContain(`cliai 9.9.9 is installed: ${path}`);
      expect(stdout).toContain("add this to your shell's profile");
      expect((await stat(path)).mode & 0o777).toBe(0o755);
      expect(execFileSync(path, ["ls"], { encoding: "utf8" })).toMatch(/^cliai-\w+-\w+ ls\n$/);
      expect(await readdir(join(path, ".."))).toEqual(["cliai"]);
    },
  );

  test("the script installs nothing that is not what was built, and says so in one line", async () => {
    await mkdir(dir.join("other"));
    for (const target of targetNames) await writeFile(dir.join("other", `cliai-${target}`), "something else");
    const into = { CLIAI_INSTALL_DIR: dir.join("bin") };
    const foreign = install({ ...into, CLIAI_DOWNLOAD_URL: `file://${dir.join("other")}` });
    expect(foreign.status).toBe(1);
    expect(foreign.stderr).toMatch(
      /^error: .* has the SHA-256 [0-9a-f]{64}, and not [0-9a-f]{64}\nhint: .*\n$/,
    );
    const missing = install({ ...into, CLIAI_DOWNLOAD_URL: `file://${dir.join("none")}` });
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain("error: cannot download ");
    expect(await readdir(dir.join("bin"))).toEqual([]);
  });

  test("writes a Scoop manifest, a Homebrew formula and a script for PowerShell with the right checksums", async () => {
    const sums = new Map(
      (await written("SHA256SUMS"))
        .trim()
        .split("\n")
        .map((line) => line.split("  ").reverse() as [string, string]),
    );
    const scoop = JSON.parse(await written("cliai.scoop.json"));
    expect(scoop).toMatchObject({
      version: "9.9.9",
      license: "MIT",
      bin: "cliai.exe",
      description: "It runs agents",
    });
    const windows = sums.get("cliai-windows-x64.exe");
    expect(scoop.architecture["64bit"]).toEqual({
      url: `file://${dir.join("dist")}/cliai-windows-x64.exe#/cliai.exe`,
      hash: windows,
    });
    expect(await written("install.ps1")).toContain(`$sha256 = "${windows}"`);
    const formula = await written("cliai.rb");
    for (const target of targetNames.filter((name) => !name.startsWith("windows"))) {
      expect(formula).toContain(`/cliai-${target}"\n      sha256 "${sums.get(`cliai-${target}`)}"`);
    }
    for (const name of ["install.sh", "install.ps1", "cliai.rb", "cliai.scoop.json"])
      expect(await written(name)).not.toContain("{{");
  });

  test("writes an SBOM that names each part with version, licence and package URL", async () => {
    const bom = JSON.parse(await written("cliai.cdx.json"));
    expect(bom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
    expect(bom.metadata).toMatchObject({
      timestamp: "2026-11-30T12:00:00.000Z",
      component: { type: "application", name: "cliai", version: "9.9.9" },
    });
    const parts = new Map(
      bom.components.map((each: { purl?: string; name: string }) => [each.purl ?? each.name, each]),
    );
    expect(parts.get("pkg:npm/%40nats-io/jwt@0.0.11")).toMatchObject({
      licenses: [{ license: { id: "Apache-2.0" } }],
    });
    expect(parts.get("pkg:golang/golang.org/x/sys@v0.48.0")).toMatchObject({ version: "0.48.0" });
    expect(parts.get("pkg:golang/std")).toBeDefined();
    expect(parts.get("pkg:npm/bun@1.4.5")).toMatchObject({
      licenses: [{ expression: "MIT AND LGPL-2.1-or-later" }],
    });
    expect(parts.get("pkg:generic/LLVM%20libc%2B%2Babi")).toMatchObject({ type: "library" });
    expect(parts.get("cliai-linux-x64")).toMatchObject({ type: "file", hashes: [{ alg: "SHA-256" }] });
    expect(bom.dependencies.find(({ ref }: { ref: string }) => ref === "cliai").dependsOn).toHaveLength(5);
    const facts = { version: "1", description: "", notices, executables: [], now: new Date(0) };
    expect(sbomText(facts)).toBe(sbomText(facts));
  });
});

describe("fillTemplate()", () => {
  const facts: ReleaseFacts = {
    version: "1.2.3",
    description: "d",
    url: "https://example.org",
    executables: new Map(),
  };

  test("fills in what it knows", () => {
    expect(fillTemplate("v{{version}} {{url}} {{version}} {x} $ {{description}}", facts)).toBe(
      "v1.2.3 https://example.org 1.2.3 {x} $ d",
    );
  });

  test.each(["{{other}}", "{{sha256:linux-x64}}", "{{}}"])("refuses %s", (template) => {
    expect(() => fillTemplate(template, facts)).toThrow(`the template has ${template}`);
  });
});
