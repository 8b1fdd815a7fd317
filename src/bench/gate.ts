// Decides what fails the gate: a ratio that in the best of three tries is more than twice as bad as `reached`, the worst that any processor
// had. Figures in ms, MB or messages a second never fail the gate, because they depend on the machine. A ratio compares with the limit of the
// same run. Pure.
import { figureOf, type RatioTarget, type Row, type ScenarioReport } from "./scenario.ts";

export const triesAtMost = 3;

/** The worst ratio that the gate allows: twice `reached`, or the target if that is laxer. */
export function allowedRatio({ most, least, reached }: RatioTarget): { most?: number; least?: number } {
  return {
    ...(most === undefined ? {} : { most: Math.max(most, reached * 2) }),
    ...(least === undefined ? {} : { least: Math.min(least, reached / 2) }),
  };
}

/** How bad a row's ratio is, compared with the allowed one. Above 1 it fails the gate; 0 if the row has no ratio target. */
function badnessOf(row: Row): number {
  const badness = ratioTargets(row).map((target) => {
    const ratio = figureOf(row, target);
    if (!(ratio >= 0)) return Number.POSITIVE_INFINITY;
    const { most = Number.POSITIVE_INFINITY, least = 0 } = allowedRatio(target);
    return Math.max(ratio / most, least / ratio);
  });
  return Math.max(0, ...badness);
}

function ratioTargets({ targets }: Row): RatioTarget[] {
  return targets.filter((target) => target.of === "ratio");
}

/** For each row, the try with its best ratio, so that a disturbance in one try does not count. */
export function bestOfTries(tries: readonly (readonly Row[])[]): Row[] {
  const best = new Map<string, Row>();
  for (const row of tries.flat()) {
    const before = best.get(row.what);
    if (before === undefined || badnessOf(row) < badnessOf(before)) best.set(row.what, row);
  }
  return [...best.values()];
}

/** Whether to measure the scenario once more: not after a try that passes, or after the last try. */
export function wantsAnotherTry(tries: readonly (readonly Row[])[]): boolean {
  return tries.length < triesAtMost && bestOfTries(tries).some((row) => badnessOf(row) > 1);
}

/** One line for each scenario that failed, and for each ratio that is worse than the gate allows. */
export function gateFailures(scenarios: readonly ScenarioReport[]): string[] {
  return scenarios.flatMap(({ name, rows, tries = 1, failure }) => [
    ...(failure === undefined ? [] : [`${name}: ${failure}`]),
    ...rows
      .filter((row) => badnessOf(row) > 1)
      .map((row) => {
        const bounds = ratioTargets(row).map(allowedRatio).map(boundsText).join(", ");
        const best = tries > 1 ? ` in the best of ${tries} tries` : "";
        return `${name}: ${row.what}: ratio ${row.ratio?.toFixed(2) ?? "unknown"}${best}; the gate allows ${bounds}`;
      }),
  ]);
}

function boundsText({ most, least }: { most?: number; least?: number }): string {
  return most === undefined ? `at least ${least?.toFixed(2)}` : `at most ${most.toFixed(2)}`;
}
