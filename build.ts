// Builds the executables (`bun build.ts --help`) with the steps in .ci/build.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { compileExecutable } from "./.ci/build/compile.ts";
import { hashInputs, isUpToDate, recordBuild } from "./.ci/build/manifest.ts";
import { type PackedServer, packNatsServer } from "./.ci/build/nats-server.ts";
import { type BundledPackage, findBundledPackages } from "./.ci/build/notices/bundled-packages.ts";
import { collectNotices, readLicenseRules } from "./.ci/build/notices/notices.ts";
import { parseBuildOptions, usage } from "./.ci/build/options.ts";
import { createProgress } from "./.ci/build/progress.ts";
import { writeRelease } from "./.ci/build/release/write-release.ts";
import { type SizeRow, sizeTable } from "./.ci/build/size-table.ts";
import { ownTarget, type TargetName, targetNames, targets } from "./.ci/build/targets.ts";
import packageJson from "./package.json" with { type: "json" };
import type { Notice } from "./src/build-info.ts";
import { CliaiError, exitCodeOf, messageOf } from "./src/domain/text/errors.ts";

const projectDir = import.meta.dirname;
const distDir = join(projectDir, "dist");

async function build(args: readonly string[]): Promise<void> {
  const options = parseBuildOptions(args);
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const commit = currentCommit();
  const inputs = await hashInputs(projectDir, commit);
  const rows: SizeRow[] = [];
  const progress = createProgress();
  const entry = join(projectDir, "src", "main.ts");
  const { version } = packageJson;
  const noticesOf = prepareNotices(entry, version);
  const planned = plan(options.targets);
  for (const { target, file } of planned) {
    if (options.ifChanged && (await isUpToDate(distDir, file, inputs))) continue;
    const server = await packNatsServer(target, options.serverPath);
    const outfile = join(distDir, file);
    const notices = await noticesOf(server);
    const sizes = await progress.step(`compiling dist/${file}`, "a few seconds", () =>
      compileExecutable({ entry, target, outfile, version, commit, server, notices }),
    );
    const { packedPath: _, modules: _modules, ...natsServer } = server;
    await recordBuild(distDir, file, { target, bytes: sizes.total, version, commit, inputs, natsServer });
    rows.push({ file: `dist/${file}`, ...sizes, serverVersion: server.version, serverSource: server.source });
  }
  if (options.isRelease) await release(planned, { version, downloadUrl: options.downloadUrl, noticesOf });
  if (rows.length > 0) process.stdout.write(`${sizeTable(rows)}\n`);
}

async function release(
  planned: ReturnType<typeof plan>,
  { version, downloadUrl, noticesOf }: Release,
): Promise<void> {
  // The nats-server for Windows has a module more than the others.
  const notices = new Map<string, Notice>();
  for (const { target } of planned)
    for (const notice of await noticesOf(await packNatsServer(target))) notices.set(notice.name, notice);
  const { description } = packageJson;
  const files = { projectDir, distDir, executables: planned, notices: [...notices.values()] };
  const written = await writeRelease({ ...files, version, description, downloadUrl, now: commitTime() });
  process.stdout.write(`dist: ${written.join(", ")}\n`);
}

interface Release {
  readonly version: string;
  readonly downloadUrl: string | undefined;
  readonly noticesOf: ReturnType<typeof prepareNotices>;
}

/** Looks for the packages only once, and only if something is built. */
function prepareNotices(entry: string, version: string): (server: PackedServer) => Promise<Notice[]> {
  let packages: Promise<BundledPackage[]> | undefined;
  return async (natsServer) => {
    packages ??= findBundledPackages(entry, projectDir);
    const parts = { version, bunVersion: Bun.version, packages: await packages, natsServer };
    return await collectNotices(parts, await readLicenseRules(projectDir), projectDir);
  };
}

function plan(chosen: readonly TargetName[]): { target: TargetName; file: string }[] {
  if (chosen.length > 0) {
    return chosen.map((target) => ({ target, file: `cliai-${target}${targets[target].suffix}` }));
  }
  const own = ownTarget();
  if (own === undefined) {
    throw new CliaiError("usage", `no target is this machine's own (${process.platform}-${process.arch})`, {
      hint: `choose one with --target: ${targetNames.join(", ")}`,
    });
  }
  return [{ target: own, file: `cliai${targets[own].suffix}` }];
}

function currentCommit(): string {
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short=12", "HEAD")}${changed ? "-dirty" : ""}`;
  } catch {
    return "unknown"; // an unpacked archive, or a machine without git
  }
}

/** The time of the commit, so that the same commit gives the same files. */
function commitTime(): Date {
  try {
    return new Date(git("show", "-s", "--format=%cI", "HEAD"));
  } catch {
    return new Date(); // as above
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, {
    cwd: projectDir,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

try {
  await build(process.argv.slice(2));
} catch (error) {
  const hint = error instanceof CliaiError && error.hint !== undefined ? `\nhint: ${error.hint}` : "";
  const details =
    error instanceof AggregateError ? error.errors.map((each) => `\n${messageOf(each)}`).join("") : "";
  process.stderr.write(`error: ${messageOf(error)}${details}${hint}\n`);
  process.exitCode = exitCodeOf(error);
}
