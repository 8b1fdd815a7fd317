import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { executableFormatOf, goServerVersionOf } from "../../.ci/build/executable-format.ts";
import { type BuiltExecutable, readManifest } from "../../.ci/build/manifest.ts";
import { targets } from "../../.ci/build/targets.ts";
import packageJson from "../../package.json" with { type: "json" };
import { builtExecutable, distDir } from "../support/built-executable.ts";
import { startChild } from "../support/child.ts";
import { tempDir } from "../support/temp-dir.ts";

const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

async function manifestEntry(file: string): Promise<BuiltExecutable> {
  const entry = (await readManifest(distDir))[file];
  if (entry === undefined) throw new Error(`dist/manifest.json does not know ${file}: npm run build`);
  return entry;
}

/** The nats-server in an executable: of all zstd frames in it, the one that unpacks to the right hash. */
function embeddedServerIn(executable: Buffer, { natsServer }: BuiltExecutable): Buffer {
  for (let at = executable.indexOf(zstdMagic); at !== -1; at = executable.indexOf(zstdMagic, at + 1)) {
    try {
      const server = zstdDecompressSync(executable.subarray(at, at + natsServer.packedBytes));
      if (createHash("sha256").update(server).digest("hex") === natsServer.sha256) return server;
    } catch {
      // another frame, such as the source map's, or four bytes of code that look like one
    }
  }
  throw new Error("no nats-server with the manifest's hash inside");
}

test.each(["cliai-windows-x64.exe", "cliai-darwin-arm64"])(
  "%s has its platform's format, and that platform's nats-server inside",
  async (file) => {
    const executable = await readFile(builtExecutable(file));
    const entry = await manifestEntry(file);
    expect(executable.length).toBe(entry.bytes);
    const { format } = targets[entry.target];
    expect(file).toContain(entry.target);
    expect(executableFormatOf(executable)).toBe(format);
    const server = embeddedServerIn(executable, entry);
    expect(executableFormatOf(server)).toBe(format);
    expect(goServerVersionOf(server)).toBe(entry.natsServer.version);
  },
);

// Of 32.7 MB, nats-server takes 5.9, the bytecode 15.5, our code with its packages 6.0, and the source map 5.3. A part that is in it twice shows.
test("dist/cliai is this machine's, and at most 34 MB larger than Bun alone", async () => {
  const path = builtExecutable();
  const executable = await readFile(path);
  expect(executableFormatOf(executable)).toBe(executableFormatOf(await readFile(process.execPath)));
  const entry = await manifestEntry(basename(path));
  expect(embeddedServerIn(executable, entry).length).toBe(entry.natsServer.bytes);
  expect(executable.length - (await stat(process.execPath)).size).toBeLessThan(34e6);
});

test("dist/cliai --version says its own version and that of the nats-server inside", async () => {
  const path = builtExecutable();
  const { natsServer } = await manifestEntry(basename(path));
  await using child = await startChild(path, ["--version"]);
  const { code, stdout } = await child.exit();
  expect(code).toBe(0);
  expect(stdout).toContain(packageJson.version);
  expect(stdout).toContain(natsServer.version);
});

test("dist/cliai takes nothing from the .env, bunfig.toml, package.json or tsconfig.json of the current directory", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("preload.ts"), `throw new Error("steered");`);
  await writeFile(dir.join("bunfig.toml"), `preload = ["./preload.ts"]\n`);
  await writeFile(dir.join(".env"), "CLIAI_LOG=debug\nBUN_OPTIONS=--preload=./preload.ts\n");
  await writeFile(dir.join("package.json"), "not JSON");
  await writeFile(dir.join("tsconfig.json"), "not JSON");
  await using child = await startChild(builtExecutable(), ["--version"], { cwd: dir.path });
  expect(await child.exit()).toMatchObject({ code: 0, stderr: "" });
});

test("dist/cliai carries no path of the machine that built it", async () => {
  const executable = await readFile(builtExecutable());
  expect(executable.includes(import.meta.dirname.replace(/[\\/]tests[\\/]build$/, ""))).toBe(false);
});
