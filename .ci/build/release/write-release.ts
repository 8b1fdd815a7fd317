// Writes what belongs to a release beside the executables: their checksums, the SBOM, and what installs them on each platform.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Notice } from "../../../src/build-info.ts";
import type { TargetName } from "../targets.ts";
import { fillTemplate, type ReleaseFacts } from "./fill-template.ts";
import { sbomText } from "./sbom.ts";

export interface ReleaseOptions {
  readonly projectDir: string;
  readonly distDir: string;
  readonly version: string;
  readonly description: string;
  /** Default: the files in `distDir` itself, to try the scripts on this machine. */
  readonly downloadUrl: string | undefined;
  readonly executables: readonly { readonly target: TargetName; readonly file: string }[];
  readonly notices: readonly Notice[];
  readonly now: Date;
}

const templates = ["install.sh", "install.ps1", "cliai.rb", "cliai.scoop.json"];
const sbomFile = "cliai.cdx.json";

/** @returns the names of the files that it has written */
export async function writeRelease(options: ReleaseOptions): Promise<string[]> {
  const { projectDir, distDir, version, description, downloadUrl, executables, notices, now } = options;
  const sums = new Map<TargetName, { readonly file: string; readonly sha256: string }>();
  for (const { target, file } of executables)
    sums.set(target, { file, sha256: await sha256Of(join(distDir, file)) });
  const url = (downloadUrl ?? pathToFileURL(distDir).href).replace(/\/+$/, "");
  const facts: ReleaseFacts = { version, description, url, executables: sums };
  for (const name of templates) {
    const template = await readFile(join(projectDir, "configs", "release", name), "utf8");
    await writeFile(join(distDir, name), fillTemplate(template, facts));
  }
  await chmod(join(distDir, "install.sh"), 0o755);
  const sbom = sbomText({ version, description, notices, executables: [...sums.values()], now });
  await writeFile(join(distDir, sbomFile), sbom);
  const names = [...executables.map(({ file }) => file), ...templates, sbomFile];
  const lines = await Promise.all(
    names.map(async (name) => `${await sha256Of(join(distDir, name))}  ${name}\n`),
  );
  await writeFile(join(distDir, "SHA256SUMS"), lines.join(""));
  return [...templates, sbomFile, "SHA256SUMS"];
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
