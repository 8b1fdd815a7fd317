// This room is `cliai audit` with `verify` and `replay`.
//
// `cliai audit`: chooses between reading, `verify` and `replay`, each of which has a file.
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { defineCliCommand } from "../frame/command.ts";
import { type AuditArgs, auditArgs, filterArgs, readArgs, replayArgs, verifyArgs } from "./audit-args.ts";
import { readHistory } from "./audit-read.ts";
import { replayHistory } from "./audit-replay.ts";
import { verifyHistory } from "./audit-verify.ts";

/** Which flags belong to which act, beside those of every client. */
const acts = {
  read: { flags: { ...filterArgs, ...readArgs }, run: readHistory },
  verify: { flags: verifyArgs, run: verifyHistory },
  replay: { flags: { ...filterArgs, ...replayArgs }, run: replayHistory },
} as const;

export const auditCommand = defineCliCommand({
  name: "audit",
  description: "read, export, verify or replay the audit",
  args: auditArgs,
  async run(given, context) {
    const name = given.action ?? "read";
    if (name !== "read" && name !== "verify" && name !== "replay") {
      throw new CliaiError("usage", `audit has no "${name}"`, {
        hint: didYouMean(name, Object.keys(acts)) ?? "cliai audit, cliai audit verify, or cliai audit replay",
      });
    }
    const { flags, run } = acts[name];
    for (const flag of Object.keys({ ...filterArgs, ...readArgs, ...verifyArgs, ...replayArgs })) {
      const isGiven =
        given[flag as keyof AuditArgs] !== undefined && given[flag as keyof AuditArgs] !== false;
      if (isGiven && !(flag in flags)) {
        const of = Object.entries(acts).find(([, act]) => flag in act.flags)?.[0];
        throw new CliaiError(
          "usage",
          `--${flag} is not for ${name === "read" ? "reading" : `audit ${name}`}`,
          {
            hint: of === "read" ? `cliai audit --${flag} …` : `cliai audit ${of} --${flag} …`,
          },
        );
      }
    }
    return await run(given, context);
  },
});
