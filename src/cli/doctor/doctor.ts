// This room is `cliai doctor`: one file for each group of checks.
//
// `cliai doctor`: runs all checks and prints a line for each, with one remedy for each problem. It changes nothing, unless
// --close-damage is given: that acknowledges a reported data loss.
import process from "node:process";
import { agentClis } from "../../agents/agent-clis.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { closeAlert } from "../../server/alerts/alert-store.ts";
import { storeDamaged } from "../../server/inbox/lost-orders.ts";
import { type ClientArgs, dataDirArgs, dataDirFor, jsonArgs, withClient } from "../fleet/client.ts";
import { findClis } from "../found-clis.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { paint, plain } from "../frame/terminal.ts";
import { clisOfProfiles } from "../profile-clis.ts";
import { checkAgentSettings } from "./agent-settings.ts";
import type { Check } from "./check.ts";
import { checkDisk, checkFiles, checkJsonFiles, checkLayout } from "./files.ts";
import { checkLogs } from "./logs.ts";
import { checkModelServers, readServersInUse } from "./model-servers.ts";
import { checkNats } from "./nats.ts";
import { checkProfiles } from "./profiles.ts";
import { checkAgentClis, checkNatsServer, checkServePath } from "./programs.ts";
import { checkServe } from "./server.ts";

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
    const { env, now, json, print } = context;
    const dataDir = dataDirFor(args, context);
    if (args["close-damage"] === true) await closeDamage(args, context);
    const searchPath = env.PATH ?? "";
    const serve = await checkServe(dataDir);
    const found = await findClis([...agentClis, ...(await clisOfProfiles(dataDir, context))], env);
    const { server } = serve;
    const inUse = server === undefined ? [] : await readServersInUse(args, context);
    const checks = [
      ...serve.checks,
      ...(server === undefined ? [] : await checkNats(args, context)),
      ...(await checkFiles({ dataDir, server, now: now(), uid: process.getuid?.() })),
      ...(await checkLayout(dataDir)),
      ...(await checkJsonFiles(dataDir)),
      ...(await checkLogs(dataDir)),
      await checkDisk(dataDir),
      ...(await checkProfiles(dataDir, found, context)),
      ...(await checkModelServers(dataDir, inUse, context)),
      await checkNatsServer(searchPath),
      ...checkAgentClis(found),
      ...(server === undefined ? [] : await checkServePath(found, server, env)),
      ...(await checkAgentSettings(context)),
    ];
    const ok = checks.every((check) => check.ok);
    if (json) print(JSON.stringify({ ok, checks }));
    else for (const check of checks) printCheck(check, context);
    return ok ? 0 : 1;
  },
});

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
