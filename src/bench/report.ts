// Makes the table that a benchmark prints for a person. Pure.
import type { BenchReport } from "./bench.ts";
import { isMet, type Row, type ScenarioReport, type Target, type Unit } from "./scenario.ts";

const header = ["", "median", "p95", "p99", "limit", "ratio", "target", ""] as const;

export function reportTable({ version, machine, took_s, scenarios }: BenchReport): string {
  const { cores, cpu, memory_gb, platform, kernel, arch, load } = machine;
  return [
    `cliai ${version} on ${platform} ${kernel} ${arch}, ${cores} cores (${cpu}), ${memory_gb} GB, load ${load} at the start; ${took_s} s`,
    ...scenarios.flatMap((scenario) => ["", ...scenarioLines(scenario)]),
  ].join("\n");
}

function scenarioLines({ name, title, rows, tries = 1, absent, failure }: ScenarioReport): string[] {
  const head = `${title} (${name})${tries > 1 ? `, best of ${tries} tries` : ""}`;
  if (absent !== undefined) return [head, `  left out: ${absent}`];
  const failed = failure === undefined ? [] : [`  failed: ${failure}`];
  if (rows.length === 0) return [head, ...failed];
  const cells = rows.map(rowCells);
  const table = [header, ...cells];
  const widths = header.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) =>
    line
      .map((cell, column) => {
        const isText = column === 0 || column >= 6;
        return isText ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
  const remarks = rows.flatMap(({ what, remark }) => (remark === undefined ? [] : [`  ${what}: ${remark}`]));
  return [head, ...lines.map((line) => `  ${line}`), ...remarks, ...failed];
}

function rowCells(row: Row): string[] {
  const { what, unit, ours, limit, ratio, targets } = row;
  const isOne = ours.count === 1;
  return [
    `${what}, ${unit}`,
    figure(ours.median, unit),
    isOne ? "" : figure(ours.p95, unit),
    isOne ? "" : figure(ours.p99, unit),
    limit === undefined ? "" : figure(limit.median, unit),
    ratio === undefined ? "" : ratio.toFixed(2),
    targets.map(targetText).join(", "),
    targets.length === 0 ? "" : targets.every((target) => isMet(row, target)) ? "met" : "missed",
  ];
}

export function figure(value: number, unit: Unit): string {
  if (unit === "a second" || unit === "count") return Math.round(value).toLocaleString("en");
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

export function targetText({ of, most, least }: Target): string {
  const bound = most === undefined ? `≥ ${least?.toLocaleString("en")}` : `≤ ${most.toLocaleString("en")}`;
  return of === "ratio" ? `${bound} ×` : `${of} ${bound}`;
}
