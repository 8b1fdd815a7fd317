// Stores which projects' profiles a person has trusted. A project's files come with its clone, and agents can write them. So they count only if
// they are unchanged since a person trusted them: the data directory holds the SHA-256 of each file.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";

const TrustedSchema = v.looseObject({
  /** For the full path of each `profiles.json`: the SHA-256 of that file and of each file of instructions that it names, by full path. */
  projects: v.record(v.string(), v.record(v.string(), v.string())),
});
type Trusted = v.InferOutput<typeof TrustedSchema>["projects"];

export type Trust = "trusted" | "changed" | "never";

/** The contents of a project's `profiles.json` and of the files that it names, by their full paths. */
export type FileContents = ReadonlyMap<string, Uint8Array>;

export async function trustOf(dataDir: string, path: string, contents: FileContents): Promise<Trust> {
  const known = (await readTrusted(dataDir))[path];
  if (known === undefined) return "never";
  return isSame(known, sumsOf(contents)) ? "trusted" : "changed";
}

/** Trusts the files as they are now. Resolves to the SHA-256 of each. */
export async function trustProject(
  dataDir: string,
  path: string,
  contents: FileContents,
): Promise<Readonly<Record<string, string>>> {
  const sums = sumsOf(contents);
  const projects = { ...(await readTrusted(dataDir)), [path]: sums };
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(folderOf(dataDir));
  await writePrivateFile(fileOf(dataDir), `${JSON.stringify({ projects }, null, 2)}\n`);
  return sums;
}

/** @throws CliaiError `config_invalid` if the file cannot be read; then no project is trusted */
async function readTrusted(dataDir: string): Promise<Trusted> {
  try {
    return decodeMessage(TrustedSchema, await readFile(fileOf(dataDir))).projects;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new CliaiError("config_invalid", `cannot read ${fileOf(dataDir)}: ${messageOf(error)}`, {
      hint: "remove it, and trust the projects again: cliai profiles trust DIR",
    });
  }
}

function folderOf(dataDir: string): string {
  return join(dataDir, "trust");
}

function fileOf(dataDir: string): string {
  return join(folderOf(dataDir), "profiles.json");
}

function sumsOf(contents: FileContents): Record<string, string> {
  const sums = [...contents].map(([path, bytes]) => [path, createHash("sha256").update(bytes).digest("hex")]);
  return Object.fromEntries(sums);
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const paths = Object.keys(other);
  return paths.length === Object.keys(one).length && paths.every((path) => one[path] === other[path]);
}
