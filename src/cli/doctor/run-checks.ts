// Runs all checks, for `cliai doctor` and for the dashboard's system page. It changes nothing.
import process from "node:process";
import { agentClis } from "../../agents/agent-clis.ts";
import type { Check } from "../../domain/system/check.ts";
import { type ClientArgs, dataDirFor } from "../fleet/client.ts";
import { findClis } from "../found-clis.ts";
import type { CliContext } from "../frame/context.ts";
import { clisOfProfiles } from "../profile-clis.ts";
import { checkAgentSettings } from "./agent-settings.ts";
import { checkDisk, checkFiles, checkJsonFiles, checkLayout } from "./files.ts";
import { checkHooks } from "./hooks.ts";
import { checkKeys } from "./keys.ts";
import { checkLeftovers } from "./leftovers.ts";
import { checkLogs } from "./logs.ts";
import { checkModelServers, readServersInUse } from "./model-servers.ts";
import { checkNats } from "./nats.ts";
import { checkNotify } from "./notify.ts";
import { checkPrices } from "./prices.ts";
import { checkProfiles } from "./profiles.ts";
import { checkAgentClis, checkNatsServer, checkServePath } from "./programs.ts";
import { checkServe } from "./server.ts";
import { checkService } from "./service.ts";

/** @param options.asksModels whether to send each model server that a profile names a small request; default true */
export async function runChecks(
  args: ClientArgs,
  context: CliContext,
  { asksModels = true }: { readonly asksModels?: boolean } = {},
): Promise<Check[]> {
  const { env, now } = context;
  const dataDir = dataDirFor(args, context);
  const searchPath = env.PATH ?? "";
  const serve = await checkServe(dataDir);
  const found = await findClis([...agentClis, ...(await clisOfProfiles(dataDir, context))], env);
  const { server } = serve;
  const inUse = server === undefined || !asksModels ? [] : await readServersInUse(args, context);
  return [
    ...serve.checks,
    ...(server === undefined ? [] : await checkNats(args, context)),
    ...(await checkFiles({ dataDir, server, now: now(), uid: process.getuid?.() })),
    ...(await checkLayout(dataDir)),
    ...(await checkKeys(dataDir)),
    ...(await checkJsonFiles(dataDir)),
    ...(await checkLeftovers(dataDir)),
    ...(await checkLogs(dataDir)),
    await checkDisk(dataDir),
    ...(await checkProfiles(dataDir, found, context)),
    ...(await checkHooks(dataDir, searchPath)),
    ...(await checkNotify(dataDir, searchPath)),
    ...(await checkPrices(dataDir)),
    ...(asksModels ? await checkModelServers(dataDir, inUse, context) : []),
    await checkNatsServer(searchPath),
    ...checkAgentClis(found),
    ...(server === undefined ? [] : await checkServePath(found, server, env)),
    ...(await checkAgentSettings(context)),
    ...(await checkService(dataDir, context)),
  ];
}
