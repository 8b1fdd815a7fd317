// This room is `cliai audit` with `verify` and `replay`.
//
// `cliai audit`: the table of its subcommands `read` (the default), `verify` and `replay`. Each has a file of its own.
import { defineCommandGroup } from "../frame/command-group.ts";
import { readCommand } from "./audit-read.ts";
import { replayCommand } from "./audit-replay.ts";
import { verifyCommand } from "./audit-verify.ts";

export const auditCommand = defineCommandGroup({
  name: "audit",
  description: "read, export, verify or replay the recorded history",
  standard: "read",
  subcommands: {
    read: { command: readCommand, doing: "reading" },
    verify: { command: verifyCommand },
    replay: { command: replayCommand },
  },
});
