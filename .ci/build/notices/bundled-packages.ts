// Finds the npm packages whose code is in an executable: the bundler says which files it reads.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CliaiError } from "../../../src/domain/text/errors.ts";

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** The SPDX expression in its package.json. */
  readonly license: string;
  /** The texts of its licence and notice files. */
  readonly texts: readonly string[];
}

const licenseFile = /^(licen[cs]e|notice|copying)([.-]|$)/i;

/** Sorted by name. @throws CliaiError `failed` for a package that names no licence, or whose licence has no text */
export async function findBundledPackages(entry: string, projectDir: string): Promise<BundledPackage[]> {
  const { metafile } = await Bun.build({
    ...{ entrypoints: [entry], format: "esm", target: "bun", splitting: true, metafile: true },
    define: { CLIAI_BUILD: "{}" },
  });
  const folders = new Set(Object.keys(metafile?.inputs ?? {}).flatMap(packageFolderOf));
  if (folders.size === 0) throw new Error("the bundler names no packages");
  const packages = await Promise.all([...folders].map((folder) => readPackage(folder, projectDir)));
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Such as `node_modules/@nats-io/jwt`; a package inside of another one has its own folder. */
export function packageFolderOf(input: string): string[] {
  const path = input.replaceAll("\\", "/");
  const at = path.lastIndexOf("node_modules/");
  if (at === -1) return [];
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(path.slice(at + "node_modules/".length))?.[0];
  return name === undefined ? [] : [`${path.slice(path.indexOf("node_modules/"), at)}node_modules/${name}`];
}

async function readPackage(folder: string, projectDir: string): Promise<BundledPackage> {
  const dir = join(projectDir, folder);
  const { name, version, license } = JSON.parse(await readFile(join(dir, "package.json"), "utf8"));
  if (typeof license !== "string") {
    throw new CliaiError("failed", `the package ${name} ${version} names no licence`, {
      hint: `look into ${dir}, and use another package`,
    });
  }
  const texts = await readTexts(dir);
  if (texts.length > 0) return { name, version, license, texts };
  const kept = join("configs", "licenses", "npm", ...name.split("/"));
  const keptTexts = await readTexts(join(projectDir, kept));
  if (keptTexts.length > 0) return { name, version, license, texts: keptTexts };
  throw new CliaiError("failed", `the package ${name} ${version} has no file with its licence`, {
    hint: `put the LICENSE of its repository into ${kept}`,
  });
}

async function readTexts(dir: string): Promise<string[]> {
  const names: string[] = await readdir(dir).catch(() => []); // most packages have their own, and so no folder in configs
  const files = names.filter((name) => licenseFile.test(name)).sort();
  return await Promise.all(files.map((file) => readFile(join(dir, file), "utf8")));
}
