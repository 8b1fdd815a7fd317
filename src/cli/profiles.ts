// `cliai profiles`: lists the profiles that count in a directory with the files that they come from, and trusts a project's.
import { resolve } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import type { ListedProfile } from "../profiles/profile-set.ts";
import { trustProject } from "../profiles/project-trust.ts";
import { type PlaceRead, projectProfiles, readProjectFiles } from "../profiles/read-profiles.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "./fleet/client.ts";
import { type Arguments, defineCliCommand } from "./frame/command.ts";
import { defineCommandGroup } from "./frame/command-group.ts";
import { configArgs, loadConfig } from "./frame/config-file.ts";
import type { CliContext } from "./frame/context.ts";
import { alignRows, paint, plain } from "./frame/terminal.ts";
import { requirePerson } from "./process/require-person.ts";
import { profileReader } from "./spawn/profile.ts";

const listArgs = {
  where: {
    type: "boolean",
    description: "show the file that each key of a profile comes from, and the state of each file",
  },
  project: {
    type: "string",
    valueHint: "DIR",
    description: "list the profiles that count in this directory (default: the current one)",
  },
  ...configArgs,
  ...dataDirArgs,
  ...jsonArgs,
} as const;
const trustArgs = {
  dir: { type: "positional", required: true, description: "the project's directory" },
  ...dataDirArgs,
  ...jsonArgs,
} as const;

export const profilesCommand = defineCommandGroup({
  name: "profiles",
  description: "list the profiles with their files, or trust those of a project",
  standard: "ls",
  subcommands: {
    ls: {
      command: defineCliCommand({
        name: "profiles",
        description: "list the profiles for spawn, and the files that they come from",
        args: listArgs,
        run: list,
      }),
    },
    trust: {
      command: defineCliCommand({
        name: "profiles trust",
        example: "cliai profiles trust .",
        description: "let the profiles in DIR/.cliai/profiles.json count, as the file is now",
        args: trustArgs,
        run: trust,
      }),
    },
  },
});

const inside = "the built-in profiles";

async function list(args: Arguments<typeof listArgs>, context: CliContext): Promise<number> {
  const { json, print, note } = context;
  const loaded = await loadConfig(args.config, context);
  const project = resolve(context.cwd, args.project ?? ".");
  const profiles = await profileReader(loaded, dataDirFor(args, context))(project);
  const listed = profiles.list();
  if (json) {
    print(JSON.stringify(listed.map(toJson)));
    return 0;
  }
  for (const { message, hint } of profiles.unused) note(`${message}\nhint: ${hint}`);
  const rows = listed.map(({ name, found, problem }) => [
    name,
    found?.profile.cli ?? "",
    found === undefined ? "cannot be used" : plain(found.profile.description ?? ""),
    problem === undefined ? filesOf({ name, ...(found && { found }) }).join(", ") : "",
  ]);
  const [head = [], ...body] = alignRows([["profile", "cli", "what it is for", "from"], ...rows], undefined);
  print(paint(head.join("  "), "dim", context.color));
  body.forEach((cells, row) => {
    print(cells.join("  ").trimEnd());
    const each = listed[row];
    if (each?.problem !== undefined) {
      const { message, hint } = each.problem;
      print(plain(`  ${message}${hint === undefined ? "" : `; hint: ${hint}`}`));
    }
    if (args.where === true && each !== undefined) for (const line of keyLines(each)) print(line);
  });
  if (args.where === true) for (const line of placeLines(profiles.files)) print(line);
  return 0;
}

function filesOf({ found }: ListedProfile): string[] {
  return [...new Set(found?.origins.values())].map((path) => path ?? inside);
}

/** The file of each key. Empty if all keys come from one file, because the profile's row names that file already. */
function keyLines({ name, found }: ListedProfile): string[] {
  if (found === undefined || filesOf({ name, found }).length < 2) return [];
  const rows = [...found.origins].map(([key, path]) => [`  ${key}`, path ?? inside]);
  return alignRows(rows).map((cells) => cells.join("  "));
}

function placeLines(files: readonly PlaceRead[]): string[] {
  const rows = files.map(({ path = inside, state }) => [path, state]);
  return [
    "",
    ...alignRows([["files, the nearest last", ""], ...rows]).map((cells) => cells.join("  ").trimEnd()),
  ];
}

/** Shows only the names of the profile's variables, because the values may be secrets. */
function toJson({ name, found, problem }: ListedProfile): object {
  if (found === undefined) return { name, problem: problem?.message, hint: problem?.hint };
  const { env, ...profile } = found.profile;
  const keys = Object.fromEntries([...found.origins].map(([key, path]) => [key, path ?? null]));
  return { name, ...profile, ...(env === undefined ? {} : { env: Object.keys(env) }), keys };
}

async function trust(args: Arguments<typeof trustArgs>, context: CliContext): Promise<number> {
  requirePerson(`trust ${args.dir}`, context);
  const project = resolve(context.cwd, args.dir);
  const path = projectProfiles(project);
  const read = await readProjectFiles(path);
  if (read === undefined) {
    throw new CliaiError("usage", `there is no ${path}`, {
      hint: "name the project's directory: cliai profiles trust .",
    });
  }
  const { broken, problems, profiles } = read.file;
  const problem = broken ?? [...problems.values()][0];
  if (problem !== undefined) throw problem;
  const files = await trustProject(dataDirFor(args, context), read.path, read.contents);
  const names = [...profiles.keys()];
  if (context.json) context.print(JSON.stringify({ project, profiles: names, sha256: files }));
  else {
    context.print(`trusted as they are now: ${names.join(", ") || "no profile"}`);
    for (const [each, sum] of Object.entries(files)) context.print(`  ${sum}  ${each}`);
  }
  return 0;
}
