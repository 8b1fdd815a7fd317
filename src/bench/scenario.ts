// What a scenario of the benchmark is: sides that are measured in turns, and how their samples are judged.
import type { Logger } from "../log.ts";
import { type Summary, summarize } from "./statistics.ts";

export interface BenchContext {
  /** The program that is measured: its command and first arguments. */
  readonly program: readonly [command: string, ...args: string[]];
  /** This very program, for the other ends of the limits; see programs.ts. */
  readonly self: readonly [command: string, ...args: string[]];
  /** Where things are compiled that only a source checkout has; undefined for the executable elsewhere. */
  readonly workshop: Workshop | undefined;
  /** A short run: fewer rounds, smaller sizes, the same ratios. */
  readonly isShort: boolean;
  /** An empty directory of the scenario's own. */
  readonly dir: string;
  readonly log: Logger;
  /** Tells the person at the terminal what is being done. */
  note(text: string): void;
}

export interface Workshop {
  /** The command that compiles one of src/bench/bare to an executable, once; its path. */
  compile(name: "mcp-server" | "nothing"): Promise<string>;
  /** How many bytes of the measured executable are nats-server, where the build has written that down. */
  readonly natsServerBytes: number | undefined;
}

/** Adds one sample. */
export type Note = (metric: string, value: number) => void;

/** One of those that take turns: the limit, or ours. */
export interface Side {
  readonly name: string;
  measure(note: Note): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly rounds: { readonly full: number; readonly short: number };
  /** Whether the gate's short form has it. */
  readonly isInShort: boolean;
  /** Why it cannot be measured here; undefined when it can. */
  readonly absent?: (context: BenchContext) => string | undefined;
  prepare(context: BenchContext, parts: AsyncDisposableStack): Promise<readonly Side[]>;
  judge(samples: Samples): readonly Row[];
}

export type Unit = "ms" | "MB" | "a second" | "%" | "count";

export type Target = RatioTarget | FigureTarget;

interface Bounds {
  /** One of the two. */
  readonly most?: number;
  readonly least?: number;
}

export interface RatioTarget extends Bounds {
  readonly of: "ratio";
  /** The worst that any processor came to in a quiet run (docs/performance.md): the gate allows twice that, see gate.ts. */
  readonly reached: number;
}

export interface FigureTarget extends Bounds {
  readonly of: "median" | "p95" | "p99";
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly ours: Summary;
  readonly limit?: Summary;
  /** Of the medians, ours to the limit. */
  readonly ratio?: number;
  readonly targets: readonly Target[];
  /** What the limit is, or how the figure came about. */
  readonly remark?: string;
}

export interface ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** How often it was measured, where the gate wanted another try: each row is the best of them. */
  readonly tries?: number;
  /** Why there are no rows. */
  readonly absent?: string;
  readonly failure?: string;
}

export interface Samples {
  /** @throws Error when the metric was never noted */
  of(metric: string): readonly number[];
  has(metric: string): boolean;
}

export function createSamples(): Samples & { note: Note } {
  const byMetric = new Map<string, number[]>();
  return {
    note(metric, value) {
      const values = byMetric.get(metric) ?? [];
      byMetric.set(metric, values);
      values.push(value);
    },
    of(metric) {
      const values = byMetric.get(metric);
      if (values === undefined) throw new Error(`"${metric}" was not measured`);
      return values;
    },
    has: (metric) => byMetric.has(metric),
  };
}

interface RowOptions {
  readonly what: string;
  readonly unit: Unit;
  readonly ours: readonly number[];
  readonly limit?: readonly number[];
  readonly targets?: readonly Target[];
  readonly remark?: string;
}

export function buildRow({ what, unit, ours, limit, targets = [], remark }: RowOptions): Row {
  const own = summarize(ours);
  const rest = remark === undefined ? {} : { remark };
  if (limit === undefined) return { what, unit, ours: own, targets, ...rest };
  const bound = summarize(limit);
  return { what, unit, ours: own, limit: bound, ratio: own.median / bound.median, targets, ...rest };
}

/** The figure that a target is about. */
export function figureOf({ ours, ratio }: Row, { of }: Target): number {
  return of === "ratio" ? (ratio ?? Number.NaN) : ours[of];
}

export function isMet(row: Row, target: Target): boolean {
  const figure = figureOf(row, target);
  return figure <= (target.most ?? Number.POSITIVE_INFINITY) && figure >= (target.least ?? 0);
}
