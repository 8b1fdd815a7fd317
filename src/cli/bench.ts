// `cliai bench`: measures this program, or another executable of it, and compares it with the limits of this machine.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { runBench } from "../bench/bench.ts";
import { gateFailures } from "../bench/gate.ts";
import { whyNoProcessFacts } from "../bench/process-facts.ts";
import { optionsVariable } from "../bench/programs/program.ts";
import { programs } from "../bench/programs/programs.ts";
import type { BenchProgramName } from "../bench/programs/start-program.ts";
import { reportTable } from "../bench/report.ts";
import type { Scenario, Workshop } from "../bench/scenario.ts";
import { scenarios } from "../bench/scenarios/scenarios.ts";
import { defaultSoakAgents, runSoak, soakText } from "../bench/soak/soak.ts";
import { openWorkshop } from "../bench/workshop.ts";
import { buildInfo } from "../build-info.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { runtimeName, selfCommand } from "../runtime.ts";
import { jsonArgs } from "./fleet/client.ts";
import { type Arguments, type DefinedCommand, defineCliCommand } from "./frame/command.ts";
import { defineCommandGroup } from "./frame/command-group.ts";
import type { CliContext } from "./frame/context.ts";

const executableArg = {
  executable: {
    type: "string",
    valueHint: "PATH",
    description:
      "measure this executable (default: this program; run from source, dist/cliai if it is built)",
  },
} as const;
const benchArgs = {
  short: { type: "boolean", description: "run fewer rounds with smaller sizes, as the gate does" },
  gate: {
    type: "boolean",
    description: "exit 1 if a ratio is twice as bad as the recorded one, in the best of three tries",
  },
  ...executableArg,
  ...jsonArgs,
} as const;
const soakArgs = {
  minutes: { type: "string", valueHint: "N", description: "run this long (default 30)" },
  agents: {
    type: "string",
    valueHint: "N",
    description: `run this many agents (default ${defaultSoakAgents})`,
  },
  ...executableArg,
  ...jsonArgs,
} as const;

/** @param chosen the one scenario to run; undefined runs all */
function scenarioCommand(name: string, description: string, chosen?: Scenario): DefinedCommand {
  const run = (args: Arguments<typeof benchArgs>, context: CliContext) =>
    measure(
      chosen === undefined ? scenarios.filter(({ isInShort }) => isInShort || args.short !== true) : [chosen],
      args,
      context,
    );
  return defineCliCommand({ name: `bench ${name}`, description, args: benchArgs, run });
}

export const benchCommand = defineCommandGroup({
  name: "bench",
  description: "measure this program and compare it with the limits of this machine",
  standard: "all",
  subcommands: {
    all: { command: scenarioCommand("all", "run every scenario") },
    ...Object.fromEntries(
      scenarios.map((scenario) => [
        scenario.name,
        { command: scenarioCommand(scenario.name, scenario.title, scenario) },
      ]),
    ),
    soak: {
      command: defineCliCommand({
        name: "bench soak",
        description: "run a fleet for a long time, and look for what grows",
        args: soakArgs,
        run: soak,
      }),
    },
    program: {
      isHidden: true,
      command: defineCliCommand({
        name: "bench program",
        description: "internal: a program that the bench starts",
        args: { program: { type: "positional", required: true, description: "name of the program" } },
        run: ({ program }, context) => runProgram(program, context),
      }),
    },
  },
});

async function measure(
  chosen: readonly Scenario[],
  args: Arguments<typeof benchArgs>,
  context: CliContext,
): Promise<number> {
  const { executable, program, self, signal } = measuredProgram(args, context);
  const report = await runBench({
    scenarios: chosen,
    version: buildInfo.version,
    program,
    self,
    workshop: await findWorkshop(executable),
    isShort: args.short === true,
    isGate: args.gate === true,
    signal,
    log: context.log,
    note: context.note,
  });
  signal.throwIfAborted();
  context.print(context.json ? JSON.stringify(report) : reportTable(report));
  const failures = args.gate === true ? gateFailures(report.scenarios) : [];
  for (const failure of failures) context.note(failure);
  return failures.length === 0 ? 0 : 1;
}

/** The program to measure, the command that starts the bench's own helper programs, and a signal that Ctrl-C aborts. */
function measuredProgram(args: Arguments<typeof executableArg>, context: CliContext) {
  const executable = findExecutable(args.executable, context);
  const { command, args: first } = selfCommand();
  const self: readonly [string, ...string[]] = [command, ...first];
  const program: readonly [string, ...string[]] = executable === undefined ? self : [executable];
  const ending = new AbortController();
  process.once("SIGINT", () => ending.abort(new CliaiError("interrupted", "the benchmark was ended")));
  return { executable, program, self, signal: ending.signal };
}

async function soak(args: Arguments<typeof soakArgs>, context: CliContext): Promise<number> {
  const minutes = Number(args.minutes ?? 30);
  if (!(minutes >= 1 && minutes <= 10_000))
    throw new CliaiError("usage", `--minutes "${args.minutes}" is not a number from 1 to 10000`);
  const agents = Number(args.agents ?? defaultSoakAgents);
  if (!Number.isInteger(agents) || agents < 10 || agents > 2_000)
    throw new CliaiError("usage", `--agents "${args.agents}" is not a whole number from 10 to 2000`);
  const missing = whyNoProcessFacts();
  if (missing !== undefined) throw new CliaiError("failed", `the soak is ${missing}`);
  const { program, self, signal } = measuredProgram(args, context);
  const { log, note } = context;
  const report = await runSoak({ minutes, agents, program, self, signal, log, note });
  context.print(context.json ? JSON.stringify(report) : soakText(report));
  return report.checks.every(({ isOk }) => isOk) ? 0 : 1;
}

/** `cliai bench program NAME`: a helper program of the bench, such as the far end of a measured limit. */
async function runProgram(program: string, { env, stdin, stdout }: CliContext): Promise<number> {
  if (!Object.hasOwn(programs, program)) throw unknownProgram(program);
  const run = await programs[program as BenchProgramName]();
  await run({ options: JSON.parse(env[optionsVariable] ?? "null"), stdin, stdout });
  return 0;
}

function unknownProgram(name: string): CliaiError {
  const known = Object.keys(programs);
  return new CliaiError("usage", `no program "${name}"`, {
    hint: didYouMean(name, known) ?? `one of ${known.join(", ")}`,
  });
}

/** @throws CliaiError `usage` if `--executable` names no file */
function findExecutable(named: string | undefined, { cwd }: CliContext): string | undefined {
  if (named !== undefined) {
    const path = resolve(cwd, named);
    if (existsSync(path)) return path;
    throw new CliaiError("usage", `--executable "${named}" does not exist`, {
      hint: "build one: npm run build",
    });
  }
  if (runtimeName() !== "bun") return undefined;
  const built = join(projectDir, "dist", process.platform === "win32" ? "cliai.exe" : "cliai");
  return existsSync(built) ? built : undefined;
}

const projectDir = join(import.meta.dirname, "..", "..");

async function findWorkshop(executable: string | undefined): Promise<Workshop | undefined> {
  if (runtimeName() !== "bun") return undefined;
  return await openWorkshop(projectDir, executable?.endsWith(".exe") === true ? "cliai.exe" : "cliai");
}
