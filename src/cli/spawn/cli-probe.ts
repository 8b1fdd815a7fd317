// Checks an agent CLI of a release that cliai was never tried with: does its --help still name the options that cliai uses? The outcome
// is kept in `clis.json`, so that each release is checked once.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { AgentCli } from "../../agents/agent-cli.ts";
import { writePrivateFile } from "../../data-dir/private-files.ts";
import type { Environment } from "../../runtime.ts";
import { readCliOutput } from "./cli-version.ts";

const withinMs = 10_000;

const ProbedSchema = v.record(
  v.string(),
  v.looseObject({ version: v.string(), missing: v.array(v.string()), probed_at: v.string() }),
);
type Probed = v.InferOutput<typeof ProbedSchema>;

export interface ProbeOptions {
  readonly cli: Pick<AgentCli, "name" | "triedVersion" | "probedFlags">;
  readonly program: string;
  /** What `--version` printed; undefined if it printed nothing in time. */
  readonly version: string | undefined;
  readonly dataDir: string;
  readonly env: Environment;
  readonly now: () => Date;
}

/** A warning about a release that was never tried. Undefined if it was tried, or its version is unknown. */
export async function untriedWords(options: ProbeOptions): Promise<string | undefined> {
  const { cli, version } = options;
  // A CLI that a profile describes was tried with no release.
  if (version === undefined || version === cli.triedVersion || cli.triedVersion === "") return undefined;
  const untried = `cliai was never tried with ${cli.name} ${version} (tried: ${cli.triedVersion})`;
  const missing = await missingFlags(options, version);
  if (missing === undefined) return `${untried}, and its --help cannot be read`;
  if (missing.length === 0) return `${untried}; its --help names all options that cliai uses`;
  return `${untried}; its --help lacks ${missing.join(", ")}, which cliai uses: if it does not start, get ${cli.triedVersion}`;
}

async function missingFlags(options: ProbeOptions, version: string): Promise<readonly string[] | undefined> {
  const { cli, program, dataDir, env, now } = options;
  const path = join(dataDir, "clis.json");
  const probed = await readProbed(path);
  const known = probed[cli.name];
  if (known?.version === version) return known.missing;
  const help = await readCliOutput(program, ["--help"], { env, withinMs });
  if (help === undefined) return undefined;
  const named = new Set(help.match(/--[a-zA-Z][\w-]*/g));
  const missing = cli.probedFlags.filter((flag) => !named.has(flag));
  const entry = { version, missing, probed_at: now().toISOString() };
  // If the file cannot be written, the next launch checks again.
  await writePrivateFile(path, `${JSON.stringify({ ...probed, [cli.name]: entry }, null, 2)}\n`).catch(
    () => undefined,
  );
  return missing;
}

async function readProbed(path: string): Promise<Probed> {
  try {
    return v.parse(ProbedSchema, JSON.parse(await readFile(path, "utf8")));
  } catch {
    return {}; // nothing was checked yet, or the file is damaged: check again
  }
}
