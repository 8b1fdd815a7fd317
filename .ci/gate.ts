// The gate: all checks that a change must pass, in order, each with a deadline. It stops at the first that fails. The steps of one
// stage run at the same time. Run it with `npm test`. With paths (`npm test -- tests/nats`), it runs only those tests, after types and
// build. With `--keep-going`, it runs the later steps after a failure too; with `--update-timings`, it writes anew how long each test file takes.
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getReleaseBefore } from "./release-before.ts";
import { readSlowestFiles } from "./slowest-files.ts";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly deadlineS: number;
  /** The path of the JUnit report of `bun test`; absent for a step that runs no tests. */
  readonly report?: string;
}

/** Steps that run at the same time. None of them measures time, so they do not disturb each other on two processors. */
type Stage = readonly Step[];

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly ok: boolean;
  readonly output: string;
}

const projectDir = join(import.meta.dirname, "..");
const reportsDir = await mkdtemp(join(tmpdir(), "cliai-gate-"));
const slowestShown = 10;
const bun = process.execPath;
const keepGoing = process.argv.includes("--keep-going");
const updatesTimings = process.argv.includes("--update-timings");
const tool = (script: string, ...args: string[]) => [bun, join("node_modules", script), ...args];

const style: Step = {
  name: "style",
  command: tool(
    "@biomejs/biome/bin/biome",
    "check",
    "--config-path=.ci/code-style.json",
    "--error-on-warnings",
    ".",
  ),
  deadlineS: 60,
};
const types: Step = { name: "types", command: tool("typescript/bin/tsc", "--noEmit"), deadlineS: 120 };
const build: Step = { name: "build", command: [bun, "build.ts"], deadlineS: 900 };
const buildOthers: Step = {
  name: "build for Windows and macOS",
  command: [bun, "build.ts", "--target", "windows-x64", "--target", "darwin-arm64"],
  deadlineS: 900,
};

const bench = (...args: string[]) => [bun, join("src", "main.ts"), "bench", ...args];

/** The tests wait for most of their time, so several files run at once, on two processors too. */
const atOnce = { units: "--parallel=4", endToEnd: "--parallel=4" } as const;

/** How long each test file takes, as `bun test` writes it: the slow ones start first, so that no processor is idle at the end of a step. */
const timings = "--timings=.ci/test-timings.json";

function testStep(name: string, paths: readonly string[], deadlineS: number, ...more: string[]): Step {
  const report = join(reportsDir, `${name.replaceAll(/\W+/g, "-")}.xml`);
  const update = updatesTimings ? ["--update-timings"] : [];
  const measured = [timings, ...update, "--reporter=junit", `--reporter-outfile=${report}`];
  const options = ["--timeout", testTimeoutMs, ...more, ...measured];
  return { name, command: [bun, "test", ...options, ...paths], deadlineS, report };
}

/** What ends a test that hangs; longer than `patienceMs`, so that a wait in it fails first, and says for what. */
const testTimeoutMs = "240000";

/** All tests, except the folders that have a step of their own, and those on Ollama, which takes too long to build (`bun run ollama`). */
async function unitAndIntegrationTests(): Promise<string[]> {
  const elsewhere = new Set(["e2e", "deno", "faults", "clis", "neighbours", "ollama"]);
  const entries = await readdir(join(projectDir, "tests"), { withFileTypes: true });
  return entries
    .filter((entry) => (entry.isDirectory() ? !elsewhere.has(entry.name) : entry.name.includes(".test.")))
    .map((entry) => `./tests/${entry.name}${entry.isDirectory() ? "/" : ""}`);
}

/** The tests with the release before this one. They cannot run in a clone that has it not, and cannot fetch it. */
async function neighbours(): Promise<string[]> {
  try {
    await getReleaseBefore();
    return ["./tests/neighbours/"];
  } catch (error) {
    print(`NOT RUN          tests/neighbours, with the release before this one: ${(error as Error).message}`);
    return [];
  }
}

async function planStages(focus: readonly string[]): Promise<Stage[]> {
  if (focus.length > 0) return [[types], [build], [testStep("tests", focus, 900)]];
  const endToEnd = ["./tests/e2e/", "./tests/clis/short.test.ts", ...(await neighbours())];
  return [
    [style, types],
    [build],
    [buildOthers, testStep("end to end, the source under Deno", ["./tests/deno/"], 300)],
    [testStep("unit and integration tests", await unitAndIntegrationTests(), 1_800, atOnce.units)],
    [testStep("end to end, dist/cliai and the agent CLIs", endToEnd, 2_700, atOnce.endToEnd)],
    [testStep("faults, the short matrix", ["./tests/faults/"], 600)],
    [{ name: "benchmark, the short form", command: bench("--short", "--gate"), deadlineS: 480 }],
    [{ name: "soak, two minutes", command: bench("soak", "--minutes", "2"), deadlineS: 300 }],
  ];
}

const running = new Set<ChildProcess>();

/** Ends a step and all processes that it started. On POSIX each step is in a process group of its own. */
function endStep(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === "win32") spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
  else process.kill(-child.pid, "SIGKILL");
}

function endRunning(): void {
  for (const child of running) endStep(child);
}

async function runStep({ name, command, deadlineS }: Step): Promise<Outcome> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: projectDir,
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const deadline = setTimeout(() => {
    output += `\n${name} did not end within ${deadlineS} s\n`;
    endStep(child);
  }, deadlineS * 1000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  clearTimeout(deadline);
  running.delete(child);
  const ok = code === 0;
  const failed = countOf("fail", output) + countOf("error", output);
  return { passed: countOf("pass", output), failed: ok ? failed : Math.max(failed, 1), ok, output };
}

/** The figure in the summary of `bun test`, such as ` 12 pass`; 0 for a step that runs no tests. */
function countOf(word: "pass" | "fail" | "error", output: string): number {
  return Number(new RegExp(`^ *(\\d+) ${word}s?$`, "m").exec(output)?.[1] ?? 0);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => {
    endRunning();
    rmSync(reportsDir, { recursive: true, force: true });
    process.exit(code);
  });
}

async function printSlowest(report: string): Promise<void> {
  const text = await readFile(report, "utf8").catch(() => ""); // there is none if the step was ended
  for (const { file, seconds } of readSlowestFiles(text, slowestShown))
    print(`       ${seconds.toFixed(1).padStart(6)} s    ${file}`);
}

const sum = { passed: 0, failed: 0 };
const focus = process.argv.slice(2).filter((arg) => arg !== "--keep-going" && arg !== "--update-timings");

/** Runs a step and prints its outcome. Resolves to whether the gate goes on. The first step that fails ends the others of its stage. */
async function runAndTell(step: Step): Promise<boolean> {
  const startedAt = performance.now();
  const { passed, failed, ok, output } = await runStep(step);
  if (!ok && process.exitCode === 1 && !keepGoing) return false; // it was ended because another step has failed
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const tests = passed + failed > 0 ? `  ${passed} passed, ${failed} failed` : "";
  if (!ok) print(output.trimEnd());
  print(`${ok ? "ok    " : "FAILED"} ${seconds.padStart(6)} s  ${step.name}${tests}`);
  if (ok && step.report !== undefined) await printSlowest(step.report);
  sum.passed += passed;
  sum.failed += failed;
  if (ok) return true;
  process.exitCode = 1;
  if (keepGoing) return true;
  print(`\nstopped at: ${step.command.join(" ")}`);
  endRunning();
  return false;
}

for (const stage of await planStages(focus)) {
  const passed = await Promise.all(stage.map(runAndTell));
  if (passed.includes(false)) break;
}
await rm(reportsDir, { recursive: true, force: true });
print(`${sum.passed} passed, ${sum.failed} failed`);
