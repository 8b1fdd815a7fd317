// dist/manifest.json says what each executable in dist was built from. Tests and `--if-changed` read it.
import { createHash } from "node:crypto";
import { readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PackedServer } from "./nats-server.ts";
import type { TargetName } from "./targets.ts";

export interface BuiltExecutable {
  readonly target: TargetName;
  readonly bytes: number;
  readonly version: string;
  readonly commit: string;
  /** A hash over all files that the build read; see `hashInputs`. */
  readonly inputs: string;
  readonly natsServer: Omit<PackedServer, "packedPath" | "modules">;
}

/** By file name, such as `cliai` or `cliai-windows-x64.exe`. */
export type Manifest = Readonly<Record<string, BuiltExecutable>>;

export async function readManifest(distDir: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(join(distDir, "manifest.json"), "utf8"));
  } catch {
    return {}; // nothing was built yet, or the file is damaged: build everything
  }
}

export async function recordBuild(distDir: string, file: string, built: BuiltExecutable): Promise<void> {
  const manifest = { ...(await readManifest(distDir)), [file]: built };
  const temporary = join(distDir, `.manifest-${process.pid}.json`);
  await writeFile(temporary, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(temporary, join(distDir, "manifest.json"));
}

/** Whether the file exists and was built from exactly these inputs. */
export async function isUpToDate(distDir: string, file: string, inputs: string): Promise<boolean> {
  const built = (await readManifest(distDir))[file];
  const size = await stat(join(distDir, file)).then(
    (file) => file.size,
    () => undefined, // not built
  );
  return built !== undefined && built.inputs === inputs && built.bytes === size;
}

const inputPaths = [
  "src",
  "configs",
  ".ci/build",
  "build.ts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
];

/** A hash over the names and contents of all files that go into a build, the commit, and Bun's version. */
export async function hashInputs(projectDir: string, commit: string): Promise<string> {
  const hash = createHash("sha256").update(`${commit}\0${Bun.version}\0`);
  for (const path of inputPaths) await addToHash(projectDir, path);
  return hash.digest("hex");

  async function addToHash(dir: string, path: string): Promise<void> {
    const full = join(dir, path);
    if (!(await stat(full)).isDirectory()) {
      hash
        .update(`${path}\0`)
        .update(await readFile(full))
        .update("\0");
      return;
    }
    for (const name of (await readdir(full)).sort()) await addToHash(dir, join(path, name));
  }
}
