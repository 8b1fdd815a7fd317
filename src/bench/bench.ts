// This room measures this program and compares it with the limits of the machine (`bun run bench`).
//
// Runs scenarios. The sides of a scenario take turns in each round, so that other work of the machine disturbs all of them alike.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../domain/text/errors.ts";
import { bestOfTries, triesAtMost, wantsAnotherTry } from "./gate.ts";
import { type MachineFacts, readMachineFacts } from "./machine.ts";
import {
  type BenchContext,
  createSamples,
  type Note,
  type Row,
  type Samples,
  type Scenario,
  type ScenarioReport,
  type Side,
} from "./scenario.ts";

export interface BenchReport {
  readonly version: string;
  readonly machine: MachineFacts;
  readonly took_s: number;
  readonly scenarios: readonly ScenarioReport[];
}

export interface BenchOptions extends Omit<BenchContext, "dir"> {
  readonly scenarios: readonly Scenario[];
  readonly version: string;
  /** Whether to measure a scenario up to three times, until the gate passes it; see gate.ts. */
  readonly isGate: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** If a scenario fails, its report says so and has the rows that were measured, and the others go on. */
export async function runBench({
  scenarios,
  version,
  isGate,
  signal,
  ...context
}: BenchOptions): Promise<BenchReport> {
  const startedMs = performance.now();
  const machine = readMachineFacts();
  const reports: ScenarioReport[] = [];
  for (const scenario of scenarios) {
    if (signal.aborted) break;
    context.note(`${scenario.name}: ${scenario.title}`);
    const measure = () => runScenario(scenario, context, signal);
    reports.push(isGate ? await tryForGate(measure, context.note) : await measure());
  }
  const took_s = Math.round((performance.now() - startedMs) / 1_000);
  return { version, machine, took_s, scenarios: reports };
}

/** Measures until the gate passes the scenario, three times at most. A failure ends the tries, because it does not depend on speed. */
async function tryForGate(
  measure: () => Promise<ScenarioReport>,
  note: BenchContext["note"],
): Promise<ScenarioReport> {
  const tries: (readonly Row[])[] = [];
  for (;;) {
    const report = await measure();
    if (report.failure !== undefined) return report;
    tries.push(report.rows);
    if (!wantsAnotherTry(tries))
      return tries.length === 1 ? report : { ...report, rows: bestOfTries(tries), tries: tries.length };
    note(
      `${report.name}: a ratio is worse than the gate allows; try ${tries.length + 1} of ${triesAtMost} follows`,
    );
  }
}

async function runScenario(
  scenario: Scenario,
  context: Omit<BenchContext, "dir">,
  signal: AbortSignal,
): Promise<ScenarioReport> {
  const { name, title, rounds } = scenario;
  const dir = await mkdtemp(join(tmpdir(), "cliai-bench-"));
  const samples = createSamples();
  try {
    const absent = scenario.absent?.({ ...context, dir });
    if (absent !== undefined) return { name, title, rows: [], absent };
    await using parts = new AsyncDisposableStack();
    const sides = await scenario.prepare({ ...context, dir }, parts);
    const failed = new Map<Side, string>();
    const count = context.isShort ? rounds.short : rounds.full;
    for (let round = 1; round <= count && !signal.aborted; round += 1) {
      for (const side of sides) {
        if (signal.aborted) break;
        await measureSide(side, samples.note, failed);
      }
      context.note(`${name}: round ${round} of ${count}`);
    }
    signal.throwIfAborted();
    if (failed.size > 0) throw new Error([...failed.values()].join("; "));
    return { name, title, rows: scenario.judge(samples) };
  } catch (error) {
    return { name, title, rows: rowsNevertheless(scenario, samples), failure: messageOf(error) };
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A side that failed is not measured again; the others go on. */
async function measureSide(side: Side, note: Note, failed: Map<Side, string>): Promise<void> {
  if (failed.has(side)) return;
  try {
    await side.measure(note);
  } catch (error) {
    failed.set(side, `${side.name}: ${messageOf(error)}`);
  }
}

/** What was measured before or beside a failure. */
function rowsNevertheless(scenario: Scenario, samples: Samples): readonly Row[] {
  try {
    return scenario.judge(samples);
  } catch {
    return []; // its rows need what was not measured
  }
}
