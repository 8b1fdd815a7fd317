// The types of a scenario of the benchmark: its sides, which are measured in turns, and the judging of their samples.
import type { Logger } from "../log.ts";
import { type Summary, summarize } from "./statistics.ts";

export interface BenchContext {
  /** The command and first arguments of the measured program. */
  readonly program: readonly [command: string, ...args: string[]];
  /** The command and first arguments of this program, which starts the helper programs; see programs.ts. */
  readonly self: readonly [command: string, ...args: string[]];
  /** Compiles the programs in src/bench/bare. Undefined without a source checkout. */
  readonly workshop: Workshop | undefined;
  /** Whether the run is short: fewer rounds and smaller sizes, but the same ratios. */
  readonly isShort: boolean;
  /** An empty directory for this scenario. */
  readonly dir: string;
  readonly log: Logger;
  /** Prints to the terminal what is being done. */
  note(text: string): void;
}

export interface Workshop {
  /** Compiles one of the programs in src/bench/bare, once. Resolves to the path of the executable. */
  compile(name: "mcp-server" | "nothing"): Promise<string>;
  /** How many bytes of the measured executable are nats-server; undefined if the build has not noted that. */
  readonly natsServerBytes: number | undefined;
}

/** Adds one sample. */
export type Note = (metric: string, value: number) => void;

/** One of the sides that take turns: the limit, or ours. */
export interface Side {
  readonly name: string;
  measure(note: Note): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly rounds: { readonly full: number; readonly short: number };
  /** Whether it is part of the short form, which the gate runs. */
  readonly isInShort: boolean;
  /** Why the scenario cannot be measured here; undefined if it can. */
  readonly absent?: (context: BenchContext) => string | undefined;
  prepare(context: BenchContext, parts: AsyncDisposableStack): Promise<readonly Side[]>;
  /** After a failure it may throw; a scenario that makes its rows by {@link measuredRow} keeps those that were measured. */
  judge(samples: Samples): readonly Row[];
}

export type Unit = "ms" | "MB" | "KB a second" | "a second" | "%" | "count";

export type Target = RatioTarget | FigureTarget;

interface Bounds {
  /** A target has one of the two. */
  readonly most?: number;
  readonly least?: number;
}

export interface RatioTarget extends Bounds {
  readonly of: "ratio";
  /** The worst ratio that any processor had in a quiet run (docs/performance.md). The gate allows twice that; see gate.ts. */
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
  /** Our median divided by the limit's. */
  readonly ratio?: number;
  readonly targets: readonly Target[];
  /** What the limit is, or how the figure was made. */
  readonly remark?: string;
}

export interface ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** How often it was measured, if more than once: each row is then from its best try. */
  readonly tries?: number;
  /** Why there are no rows. */
  readonly absent?: string;
  /** What failed. The rows are those that could be measured nevertheless. */
  readonly failure?: string;
}

export interface Samples {
  /** @throws Error if the metric was never noted */
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

interface MeasuredRowOptions extends Omit<RowOptions, "ours" | "limit"> {
  /** The names of metrics. */
  readonly ours: string;
  readonly limit?: string;
}

/** The row of these metrics; none if one of them was not measured, because a part of the scenario failed. */
export function measuredRow(samples: Samples, { ours, limit, ...rest }: MeasuredRowOptions): readonly Row[] {
  if (!samples.has(ours) || (limit !== undefined && !samples.has(limit))) return [];
  const bound = limit === undefined ? {} : { limit: samples.of(limit) };
  return [buildRow({ ...rest, ours: samples.of(ours), ...bound })];
}

/** The figure of the row that the target is about. */
export function figureOf({ ours, ratio }: Row, { of }: Target): number {
  return of === "ratio" ? (ratio ?? Number.NaN) : ours[of];
}

export function isMet(row: Row, target: Target): boolean {
  const figure = figureOf(row, target);
  return figure <= (target.most ?? Number.POSITIVE_INFINITY) && figure >= (target.least ?? 0);
}
