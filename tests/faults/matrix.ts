// `bun run faults`: the whole matrix, or the cases whose names begin as `--case` says. Prints the seed of each run, so
// that a failing one can be repeated: bun run faults --seed N --case serve/SIGKILL/stored
import { parseArgs } from "node:util";
import { type Case, casesNamed, longDurations, nameOf, shortDurations } from "./cases.ts";
import { startFleet } from "./fleet-under-test.ts";
import { openLedger } from "./ledger.ts";
import { type RestartCell, restartCells } from "./restart-cells.ts";
import { runCase } from "./run-case.ts";
import { needsOwnNats } from "./strike.ts";
import { verifyFleetAudit } from "./verify-fleet-audit.ts";

const { values } = parseArgs({
  options: { seed: { type: "string" }, case: { type: "string", default: "" }, short: { type: "boolean" } },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
const cases = casesNamed(values.case);
const restarts = restartCells.filter(({ name }) => name.startsWith(values.case));
const count = cases.length + restarts.length;
if (!Number.isInteger(seed) || count === 0) {
  const names = [...casesNamed("").map(nameOf), ...restartCells.map(({ name }) => name)];
  process.stderr.write(`no such case or seed; the cases are:\n${names.join("\n")}\n`);
  process.exit(2);
}
const durations = values.short === true ? shortDurations : longDurations;
let failed = 0;
process.stdout.write(`seed ${seed}, ${count} cases\n`);
for (const ownNats of [true, false]) {
  const ours = cases.filter((each) => needsOwnNats(each) === ownNats);
  for (const each of ours) await runAlone(each, ownNats);
}
for (const each of restarts) await runRestart(each);
process.stdout.write(`${count - failed} passed, ${failed} failed; seed ${seed}\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** A fleet of its own for each: one that a failed case has left behind tells nothing. */
async function runAlone(each: Case, ownNats: boolean): Promise<void> {
  const name = nameOf(each);
  try {
    await using fleet = await startFleet({ ownNats });
    await using ledger = await openLedger(fleet.bus);
    const report = await runCase(fleet, ledger, each, { seed, durations });
    const { records, signed_to } = await verifyFleetAudit(fleet);
    process.stdout.write(`ok      ${JSON.stringify({ ...report, records, signed_to })}\n`);
  } catch (error) {
    tellFailure(name, error);
  }
}

/** These leave nothing to chance: the seed means nothing to them. */
async function runRestart({ name, run }: RestartCell): Promise<void> {
  try {
    const startedMs = performance.now();
    const report = await run();
    const took_ms = Math.round(performance.now() - startedMs);
    process.stdout.write(`ok      ${JSON.stringify({ name, ...report, took_ms })}\n`);
  } catch (error) {
    tellFailure(name, error);
  }
}

function tellFailure(name: string, error: unknown): void {
  failed += 1;
  const again = `bun run faults --seed ${seed} --case ${name}`;
  process.stdout.write(`FAILED  ${name}: ${error instanceof Error ? error.message : error}\n  ${again}\n`);
}
