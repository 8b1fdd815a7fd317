// The gate: every check a change must pass, in order, each with a deadline, and it stops at the first that fails.
// Run it by `npm test`. Paths given to it (`npm test -- tests/nats`) run those tests alone, after types and build.
import { type ChildProcess, spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly deadlineS: number;
  readonly env?: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly ok: boolean;
  readonly output: string;
}

const projectDir = join(import.meta.dirname, "..");
const bun = process.execPath;
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

function testStep(name: string, paths: readonly string[], deadlineS: number): Step {
  return { name, command: [bun, "test", "--timeout", "30000", ...paths], deadlineS };
}

/** All of tests/ but what has a step of its own. */
async function unitAndIntegrationTests(): Promise<string[]> {
  const ownStep = new Set(["e2e", "deno", "faults"]);
  const entries = await readdir(join(projectDir, "tests"), { withFileTypes: true });
  return entries
    .filter((entry) => (entry.isDirectory() ? !ownStep.has(entry.name) : entry.name.includes(".test.")))
    .map((entry) => `./tests/${entry.name}${entry.isDirectory() ? "/" : ""}`);
}

async function planSteps(focus: readonly string[]): Promise<Step[]> {
  if (focus.length > 0) return [types, build, testStep("tests", focus, 900)];
  return [
    style,
    types,
    build,
    buildOthers,
    testStep("unit and integration tests", await unitAndIntegrationTests(), 900),
    testStep("end to end, dist/cliai", ["./tests/e2e/"], 900),
    testStep("faults, the short matrix", ["./tests/faults/"], 300),
    testStep("end to end, the source under Deno", ["./tests/deno/"], 300),
    { name: "benchmark, the short form", command: bench("--short", "--gate"), deadlineS: 480 },
    { name: "soak, two minutes", command: bench("soak", "--minutes", "2"), deadlineS: 300 },
  ];
}

let running: ChildProcess | undefined;

/** Ends the step and all it started: on POSIX a step leads a process group of its own. */
function endRunning(): void {
  const pid = running?.pid;
  if (pid === undefined || running?.exitCode !== null) return;
  if (process.platform === "win32") spawn("taskkill", ["/pid", String(pid), "/t", "/f"]);
  else process.kill(-pid, "SIGKILL");
}

async function runStep({ name, command, deadlineS, env }: Step): Promise<Outcome> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: projectDir,
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, FORCE_COLOR: "0", ...env },
  });
  running = child;
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const deadline = setTimeout(() => {
    output += `\n${name} did not end within ${deadlineS} s\n`;
    endRunning();
  }, deadlineS * 1000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  clearTimeout(deadline);
  const ok = code === 0;
  const failed = countOf("fail", output) + countOf("error", output);
  return { passed: countOf("pass", output), failed: ok ? failed : Math.max(failed, 1), ok, output };
}

/** The figure in `bun test`'s own summary, such as ` 12 pass`; 0 for a step that runs no tests. */
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
    process.exit(code);
  });
}

const sum = { passed: 0, failed: 0 };
for (const step of await planSteps(process.argv.slice(2))) {
  const startedAt = performance.now();
  const { passed, failed, ok, output } = await runStep(step);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const tests = passed + failed > 0 ? `  ${passed} passed, ${failed} failed` : "";
  if (!ok) print(output.trimEnd());
  print(`${ok ? "ok    " : "FAILED"} ${seconds.padStart(6)} s  ${step.name}${tests}`);
  sum.passed += passed;
  sum.failed += failed;
  if (!ok) {
    print(`\nstopped at: ${step.command.join(" ")}`);
    process.exitCode = 1;
    break;
  }
}
print(`${sum.passed} passed, ${sum.failed} failed`);
