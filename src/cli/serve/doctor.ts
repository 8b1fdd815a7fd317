// Runs the checks of `cliai doctor` inside serve, for the system page: one run at a time, and remembers the last one.
import type { CheckRun } from "../../domain/system/check.ts";
import type { Doctor } from "../../web/api/reports/system-report.ts";
import { runChecks } from "../doctor/run-checks.ts";
import type { ClientArgs } from "../fleet/client.ts";
import type { CliContext } from "../frame/context.ts";

export function openDoctor(args: ClientArgs, context: CliContext): Doctor {
  let last: CheckRun | undefined;
  let running: Promise<CheckRun> | undefined;
  return {
    last: () => last,
    run({ asksModels }) {
      const run = async () => {
        const checks = await runChecks(args, context, { asksModels });
        last = { at: context.now().toISOString(), checks };
        return last;
      };
      running ??= run().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}
