// This room is `cliai audit` with `verify` and `replay`.
//
// `cliai audit`: its subcommands `read` (which runs where none is named), `verify` and `replay`, each of which has a file.
import { defineCommandGroup } from "../frame/command-group.ts";
import { readCommand } from "./audit-read.ts";
import { replayCommand } from "./audit-replay.ts";
import { verifyCommand } from "./audit-verify.ts";

export const auditCommand = defineCommandGroup({
  name: "audit",
  description: "read, export, verify or replay the audit",
  standard: "read",
  subcommands: {
    read: { command: readCommand, doing: "reading" },
    verify: { command: verifyCommand },
    replay: { command: replayCommand },
  },
});
