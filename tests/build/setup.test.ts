// .ci/setup.mjs on a machine that has next to nothing on PATH: a copy of it, beside this project's own packages.
import { expect, test } from "bun:test";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { usage } from "../../.ci/build/options.ts";
import { startChild } from "../support/child.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const root = join(import.meta.dirname, "..", "..");
const isRoot = process.getuid?.() === 0;

/** Runs `setup.mjs build --help` in an empty home, with these programs on PATH and an apt-get that only notes its call. */
async function setUp(dir: TempDir, programs: readonly string[]) {
  for (const folder of [".ci", "bin", "home"]) await mkdir(dir.join(folder));
  for (const name of ["setup.mjs", "setup-lock.mjs", "link.mjs"]) {
    await copyFile(join(root, ".ci", name), dir.join(".ci", name));
  }
  for (const name of ["build.ts", "node_modules", "package.json", "package-lock.json"]) {
    await symlink(join(root, name), dir.join(name));
  }
  for (const name of ["apt-get", ...programs]) {
    await writeFile(dir.join("bin", name), `#!/bin/sh\necho "$*" >> "${dir.join("told")}.${name}"\n`, {
      mode: 0o700,
    });
  }
  const env = { PATH: dir.join("bin"), HOME: dir.join("home") };
  const args = [dir.join(".ci", "setup.mjs"), "build", "--help"];
  await using child = await startChild(process.execPath, args, { env, cwd: dir.path });
  const end = await child.exit();
  return { ...end, aptCalls: await readFile(`${dir.join("told")}.apt-get`, "utf8").catch(() => "") };
}

test.if(process.platform !== "win32")(
  "with neither Go nor Python nor nats-server, pip is installed on Debian as root, and the build goes on",
  async () => {
    await using dir = await tempDir();
    const { code, stdout, stderr, aptCalls } = await setUp(dir, []);
    expect([code, stdout]).toEqual([0, usage]);
    const calls = "-qq update\n-qq install -y --no-install-recommends python3-pip\n";
    expect(aptCalls).toBe(isRoot ? calls : "");
    expect(stderr).toBe(isRoot ? "setup: installing python3-pip\n" : "");
  },
);

test.if(process.platform !== "win32").each(["go", "nats-server", "python3"])(
  "with %s there is nothing to install",
  async (program) => {
    await using dir = await tempDir();
    expect(await setUp(dir, [program])).toMatchObject({ code: 0, stdout: usage, stderr: "", aptCalls: "" });
  },
);
