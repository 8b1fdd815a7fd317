// Reads the profiles that count for a project: those of the settings file or else of the program, those of `profiles.json` in the data
// directory, and the project's own if a person has trusted them.
import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { createProfileSet, type ProfileSet } from "./profile-set.ts";
import { type ProfilesFile, parseProfilesFile } from "./profiles-file.ts";
import { type FileContents, type Trust, trustOf } from "./project-trust.ts";

export interface ProfilePlaces {
  /** The profiles that the files add to: those of the settings file, or those inside the program. */
  readonly base: ProfilesFile;
  readonly dataDir: string;
  /** Absolute path of the project. */
  readonly project: string;
}

export interface ReadProfiles extends ProfileSet {
  /** Every place that was looked at; a later one wins over an earlier one. */
  readonly files: readonly PlaceRead[];
  /** The trusted project's files by full path, with the contents that were checked, so that a change after the check does not count. */
  readonly prompts: FileContents;
  /** For each file that exists and does not count: why not, and what to do about it. */
  readonly unused: readonly CliaiError[];
}

export interface PlaceRead {
  /** Undefined for the profiles inside the program. */
  readonly path: string | undefined;
  readonly state: "used" | "wrong" | "missing" | "not trusted" | "changed since it was trusted";
}

const mostBytes = 1_024 ** 2;

export function dataDirProfiles(dataDir: string): string {
  return join(dataDir, "profiles.json");
}

export function projectProfiles(project: string): string {
  return join(project, ".cliai", "profiles.json");
}

export async function readProfiles({ base, dataDir, project }: ProfilePlaces): Promise<ReadProfiles> {
  const own = await readOwn(dataDirProfiles(dataDir));
  const unused: CliaiError[] = [];
  const projects = await readProject(projectProfiles(project), dataDir).catch((error: CliaiError) => ({
    place: { path: projectProfiles(project), state: "not trusted" as const },
    file: undefined,
    contents: undefined,
    problem: error,
  }));
  if (projects.problem !== undefined) unused.push(projects.problem);
  const files = [base, own, projects.file].filter((file) => file !== undefined);
  const stateOf = (file: ProfilesFile) => ({
    path: file.path,
    state: file.broken === undefined ? ("used" as const) : ("wrong" as const),
  });
  return {
    ...createProfileSet(files, unused),
    files: [
      stateOf(base),
      own === undefined ? { path: dataDirProfiles(dataDir), state: "missing" } : stateOf(own),
      projects.place,
    ],
    prompts: projects.contents ?? new Map(),
    unused,
  };
}

async function readOwn(path: string): Promise<ProfilesFile | undefined> {
  try {
    const bytes = await readSmallFile(path);
    return bytes === undefined ? undefined : parseProfilesFile(new TextDecoder().decode(bytes), path);
  } catch (error) {
    return { path, profiles: new Map(), problems: new Map(), broken: error as CliaiError };
  }
}

interface ProjectRead {
  readonly place: PlaceRead;
  readonly file: ProfilesFile | undefined;
  readonly contents?: FileContents | undefined;
  readonly problem?: CliaiError;
}

async function readProject(path: string, dataDir: string): Promise<ProjectRead> {
  const read = await readProjectFiles(path);
  if (read === undefined) return { place: { path, state: "missing" }, file: undefined };
  const trust = await trustOf(dataDir, read.path, read.contents);
  if (trust !== "trusted") return { ...untrusted(path, trust), file: undefined };
  const { file, contents } = read;
  return { place: { path, state: file.broken === undefined ? "used" : "wrong" }, file, contents };
}

function untrusted(path: string, trust: Exclude<Trust, "trusted">) {
  const isNew = trust === "never";
  const project = dirname(dirname(path));
  const why = isNew ? "nobody has trusted it" : "it was changed since it was trusted";
  return {
    place: { path, state: isNew ? ("not trusted" as const) : ("changed since it was trusted" as const) },
    problem: new CliaiError("config_invalid", `${path} is not used: ${why}`, {
      hint: `read it, then: cliai profiles trust ${project}`,
    }),
  };
}

/**
 * Reads the project's `profiles.json` and the files of instructions that it names. They are read only once, so that what is used is
 * what was checked.
 * @returns `path` without symbolic links; undefined if there is no such file
 */
export async function readProjectFiles(
  named: string,
): Promise<
  { readonly path: string; readonly file: ProfilesFile; readonly contents: FileContents } | undefined
> {
  const bytes = await readSmallFile(named);
  if (bytes === undefined) return undefined;
  const path = await realpath(named);
  const file = parseProfilesFile(new TextDecoder().decode(bytes), named);
  const contents = new Map([[path, bytes]]);
  for (const { prompt_file } of file.profiles.values()) {
    if (prompt_file === undefined) continue;
    const prompt = resolve(dirname(named), prompt_file);
    contents.set(prompt, (await readSmallFile(prompt)) ?? new Uint8Array());
  }
  return { path, file, contents };
}

/** @throws CliaiError `config_invalid` if it is not a regular file, or too large: an agent may have put it there */
async function readSmallFile(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    // O_NONBLOCK, because opening a pipe would wait for its writer.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error("it is not a file");
      if (stats.size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
      return new Uint8Array(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CliaiError("config_invalid", `cannot read ${path}: ${messageOf(error)}`, {
      hint: "make it a file that you can read, or remove it",
    });
  }
}
