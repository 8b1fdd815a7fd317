// Builds the executables (`bun build.ts --help`) with the steps in .ci/build.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { compileExecutable } from "./.ci/build/compile.ts";
import { hashInputs, isUpToDate, recordBuild } from "./.ci/build/manifest.ts";
import { packNatsServer } from "./.ci/build/nats-server.ts";
import { parseBuildOptions, usage } from "./.ci/build/options.ts";
import { createProgress } from "./.ci/build/progress.ts";
import { type SizeRow, sizeTable } from "./.ci/build/size-table.ts";
import { ownTarget, type TargetName, targetNames, targets } from "./.ci/build/targets.ts";
import packageJson from "./package.json" with { type: "json" };
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
  for (const { target, file } of plan(options.targets)) {
    if (options.ifChanged && (await isUpToDate(distDir, file, inputs))) continue;
    const server = await packNatsServer(target, options.serverPath);
    const entry = join(projectDir, "src", "main.ts");
    const outfile = join(distDir, file);
    const { version } = packageJson;
    const sizes = await progress.step(`compiling dist/${file}`, "a few seconds", () =>
      compileExecutable({ entry, target, outfile, version, commit, server }),
    );
    const { packedPath: _, ...natsServer } = server;
    await recordBuild(distDir, file, { target, bytes: sizes.total, version, commit, inputs, natsServer });
    rows.push({ file: `dist/${file}`, ...sizes, serverVersion: server.version, serverSource: server.source });
  }
  if (rows.length > 0) process.stdout.write(`${sizeTable(rows)}\n`);
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
    const git = (...args: string[]) =>
      execFileSync("git", args, {
        cwd: projectDir,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short=12", "HEAD")}${changed ? "-dirty" : ""}`;
  } catch {
    return "unknown"; // an unpacked archive, or a machine without git
  }
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
