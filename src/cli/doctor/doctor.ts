// This room is `cliai doctor`: one file for each group of checks.
//
// `cliai doctor`: runs all checks and prints a line for each, with one remedy for each problem. It changes nothing, unless
// --close-damage is given: that acknowledges a reported data loss.

import type { Check } from "../../domain/system/check.ts";
import { helpFor } from "../../domain/system/help-section.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { closeAlert } from "../../server/alerts/alert-store.ts";
import { storeDamaged } from "../../server/inbox/lost-orders.ts";
import { type ClientArgs, dataDirArgs, jsonArgs, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { paint, plain } from "../frame/terminal.ts";
import { runChecks } from "./run-checks.ts";

export const doctorCommand = defineCliCommand({
  name: "doctor",
  description: "check the installation and print one remedy for each problem; exit 1 if there is one",
  args: {
    ...dataDirArgs,
    "close-damage": {
      type: "boolean",
      description: "acknowledge the reported data loss, so that it is no longer shown",
    },
    ...jsonArgs,
  },
  async run(args, context) {
    const { json, print, note } = context;
    if (args["close-damage"] === true) await closeDamage(args, context);
    const checks = await runChecks(args, context);
    const ok = checks.every((check) => check.ok);
    if (json) print(JSON.stringify({ ok, checks: checks.map(withHelp) }));
    else for (const check of checks) printCheck(check, context);
    const more = new Set(checks.filter((check) => !check.ok).map(({ check }) => helpFor(check)));
    if (!json && more.size > 0) note(`more about that: ${[...more].join(", ")}`);
    return ok ? 0 : 1;
  },
});

function withHelp(check: Check): Check & { readonly help?: string } {
  return check.ok ? check : { ...check, help: helpFor(check.check) };
}

async function closeDamage(args: ClientArgs, context: CliContext): Promise<void> {
  const isClosed = await withClient(args, context, (bus) => closeAlert(bus, storeDamaged, context.now()));
  if (isClosed) return;
  throw new CliaiError("usage", "no data loss is reported", { hint: "run all checks: cliai doctor" });
}

function printCheck({ check, ok, message, remedy }: Check, { print, color }: CliContext): void {
  const mark = ok ? paint("ok  ", "green", color) : paint("bad ", "red", color);
  const hint = remedy === undefined ? "" : `; ${paint("hint:", "bold", color)} ${remedy}`;
  print(`${mark} ${check}: ${plain(message)}${hint}`);
}
