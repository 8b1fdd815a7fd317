// This room is `cliai serve`: it composes the server from the other rooms.
//
// `cliai serve`: starts the parts of the server in order, says when it is ready, and ends them in the opposite order.
import { resolve } from "node:path";
import process from "node:process";
import { agentClis } from "../../agents/agent-clis.ts";
import { openHeadFile } from "../../audit/head-file.ts";
import { openSigningKey } from "../../audit/signing.ts";
import type { AuditOptions } from "../../audit/start-signing.ts";
import { buildInfo } from "../../build-info.ts";
import { resolveServeSettings } from "../../config/config.ts";
import { readOtlpSettings } from "../../config/otlp-settings.ts";
import { auditRetentionOf, type ServeSettings, transcriptRetentionOf } from "../../config/serve-settings.ts";
import { createKeyOwners } from "../../credentials/key-owners.ts";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { keepFleetFile } from "../../data-dir/fleet-file.ts";
import { ensureHttpToken, readHttpToken, watchHttpToken } from "../../data-dir/http-token.ts";
import { readLayout, writeLayout } from "../../data-dir/layout-file.ts";
import { keepLogSmall, serveLogPath } from "../../data-dir/log-file.ts";
import { ensurePrivateDir } from "../../data-dir/private-files.ts";
import { removeServeFile, type ServeFile, writeServeFile } from "../../data-dir/serve-file.ts";
import { refuseSecondServe, takeLock, waitWhileWhole } from "../../data-dir/serve-lock.ts";
import { definedOf } from "../../domain/defined.ts";
import { parseDurationMs } from "../../domain/text/moment.ts";
import { redact } from "../../domain/text/redact.ts";
import type { Bus } from "../../nats/bus.ts";
import { readProcessStart } from "../../processes/process-start.ts";
import { serveHttp } from "../../runtime.ts";
import { startServer } from "../../server/start-server.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import { createApp } from "../../web/app.ts";
import { createGatherMetrics } from "../../web/metrics/metrics.ts";
import { type BackgroundServeOptions, startBackgroundServe } from "../background/background-serve.ts";
import { strandedWords } from "../background/stranded-agents.ts";
import { copyBeforeUpdate } from "../backup/before-update.ts";
import { removeLeftoversOf } from "../backup/leftovers.ts";
import { openBudgetFacts } from "../budget/price-file.ts";
import { openChanges } from "../diff/changes-desk.ts";
import { dataDirFor } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import { loadConfig } from "../frame/config-file.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { refuseNodeDir } from "../node/node-file.ts";
import { openNotify } from "../notify/notify-desk.ts";
import { prepareNotify } from "../notify/prepare-notify.ts";
import { ignoresHangup } from "../process/hangup.ts";
import { readDiffStats } from "../report/diff-stats.ts";
import { openSearch } from "../search/open-search.ts";
import { endLeftoverRuns } from "../spawn/leftover-processes.ts";
import { profileReader } from "../spawn/profile.ts";
import { createCommandRunner } from "../through-serve/command-runner.ts";
import { openAgentProtocol } from "./agent-protocol.ts";
import { openAgentsOverHttp } from "./agents-over-http.ts";
import { createCliFinder } from "./cli-finder.ts";
import { openDoctor } from "./doctor.ts";
import type { AgentLauncher, AgentLauncherOptions } from "./launch/captains/captain-launcher.ts";
import { openLaunching } from "./launch/open-launching.ts";
import { openMachines } from "./nodes/open-machines.ts";
import { openExport } from "./open-export.ts";
import { type Running, startNats, violationsOf } from "./own-nats.ts";
import { startPhone } from "./phone/phone.ts";
import { spawnText } from "./program-text.ts";
import { printReady } from "./ready-words.ts";
import { flagsOf, serveArgs } from "./serve-args.ts";
import { createStartupHandler, httpUrl } from "./startup-handler.ts";
import { accessOf } from "./web-access.ts";
import { planWebExposure } from "./web-exposure.ts";

export const serveCommand = defineCliCommand({
  name: "serve",
  description: "start the server: NATS with JetStream, the dashboard and the HTTP API",
  args: serveArgs,
  async run(args, given) {
    const loaded = await loadConfig(args.config, given);
    const settings = resolveServeSettings({ flags: args, env: given.env }, loaded.config);
    const otlp = readOtlpSettings(settings.otlp, given.env);
    const dataDir = dataDirFor(args, given);
    await refuseNodeDir(dataDir);
    await waitWhileWhole(dataDir, {
      onWait: ({ name, pid }) =>
        given.log.warn(
          `cliai ${name} (pid ${pid}) has ${dataDir} for itself: the server waits until it has ended`,
        ),
    });
    if (args.detach === true) return await detach({ dataDir, flags: flagsOf(args), context: given });
    await using parts = new AsyncDisposableStack();
    const instance = crypto.randomUUID();
    const { version } = buildInfo;
    const telemetry = await openExport(otlp, { version, instance, now: given.now, log: given.log }, parts);
    const context = telemetry === undefined ? given : { ...given, log: telemetry.log };
    const running: Running = { dataDir, instance, nats: undefined, kill: new AbortController() };
    const stopped = stopOnSignal(running, context);
    const profiles = profileReader(loaded, dataDir);
    const launching = { dataDir, profiles, configPath: args.config, context };
    const plan = { settings, telemetry };
    const { file, bus, token } = await startParts(plan, running, launching, context, parts);
    context.log.info(`ready at ${file.url} (cliai ${file.version}, pid ${file.pid})`);
    printReady(file, token, context);
    await noteStranded(file, context);
    // Serve ends if its connection is closed for good. A connection that is lost or refused is tried again, so it is not closed.
    const lost = bus.closed.then((reason) =>
      Promise.reject(reason ?? new Error("the NATS connection ended")),
    );
    await Promise.race([stopped, lost]);
    lost.catch(() => undefined); // from here on, we close the connection ourselves
    return 0;
  },
});

/** Starts serve in the background. Call it after the settings are checked, so that an error in them is printed here and not in a log. */
async function detach({ dataDir, flags, context }: DetachOptions): Promise<number> {
  const server = await startBackgroundServe({ dataDir, flags, context });
  const log = serveLogPath(dataDir);
  const token = server.token_file === undefined ? undefined : readHttpToken(server.token_file);
  printReady(server, token, context, log);
  await noteStranded(server, context);
  return 0;
}

async function noteStranded(server: ServeFile, { note }: CliContext): Promise<void> {
  const stranded = await strandedWords(server);
  if (stranded !== undefined) note(stranded);
}
interface DetachOptions extends BackgroundServeOptions {
  readonly context: CliContext;
}

interface ServePlan {
  readonly settings: ServeSettings;
  /** Undefined if nothing is sent over OTLP. */
  readonly telemetry: Telemetry | undefined;
}

async function startParts(
  { settings, telemetry }: ServePlan,
  running: Running,
  launching: Omit<AgentLauncherOptions, "hosts">,
  context: CliContext,
  parts: AsyncDisposableStack,
): Promise<{ file: ServeFile; bus: Bus; token: string | undefined }> {
  const { dataDir, instance } = running;
  const { log, now } = context;
  const { scheme, tls, isOwnHost, nats: exposure } = await planWebExposure(settings, context);
  await ensurePrivateDir(dataDir);
  await refuseSecondServe(dataDir);
  const layout = await readLayout(dataDir);

  const startupHandler = createStartupHandler(instance);
  const { host, port } = settings;
  const http = await serveHttp({ host, port, tls, fetch: startupHandler.fetch });
  parts.defer(() => http.stop());
  const url = httpUrl(scheme, host, http.port);
  parts.defer(await takeDirectory(dataDir, { url, instance }, log));
  await copyBeforeUpdate({ dataDir, layout }, context);
  parts.defer(keepLogSmall(serveLogPath(dataDir)));
  const phone = await startPhone({ settings, tls, dataDir, instance, now, log }, parts);
  const tokenFile = await tokenFileOf(settings, dataDir, context);
  const watched = tokenFile === undefined ? undefined : watchHttpToken(tokenFile, log);
  parts.defer(() => watched?.stop());

  const { keys, natsUrl, nats } = await startNats({ settings, exposure, running }, context, parts);
  const { bus, followConnections, roleOf, natsFacts } = nats;

  const { version, commit } = buildInfo;
  const { replicas, insecure } = settings;
  const audit = await auditOptionsOf(settings, dataDir);
  const notify = await prepareNotify({ dataDir, token: watched?.token, now, log });
  const budgets = await openBudgetFacts(settings, dataDir, log, parts);
  const captainsAgents = Promise.withResolvers<AgentLauncher>();
  const server = await startServer(bus, {
    ...{ instance, version, replicas, insecure, audit, budgets },
    transcripts: transcriptRetentionOf(settings),
    followViolations: violationsOf(running, createKeyOwners(dataDir), log),
    ...{ followConnections, roleOf, natsFacts, natsRestarts: () => running.nats?.restarts() ?? 0 },
    launchAgent: async (order) => await (await captainsAgents.promise).launch(order),
    onLimit: settings.on_limit,
    resumeWindowMs: parseDurationMs(settings.resume_window),
    readDiffs: (views) => readDiffStats(views, { dataDir, env: context.env }),
    sameFileWithinMs: settings.same_file_window === "0" ? 0 : parseDurationMs(settings.same_file_window),
    storeTrouble: () => running.nats?.trouble(),
    openNotices: (inside) => openNotify(inside, { dataDir, url, env: context.env, version, ...notify.plan }),
    ...{ observer: telemetry?.observer, now, log },
  });
  parts.defer(() => server.stop());
  const metrics = createGatherMetrics(server, now, telemetry?.figures);
  telemetry?.follow(server, metrics);
  await writeLayout(dataDir, version);
  // Deferred before the agents' ends, so that it runs after them.
  parts.defer(keepFleetFile(dataDir, server.fleet, log));
  const nodes = openMachines({ dataDir, natsUrl, exposure, bus, keys, system: nats.system, now, log }, parts);
  const launchers = openLaunching({ ...launching, bus, server, nodes }, parts);
  const { hosts, captains, headlessAgents, away } = launchers;
  captainsAgents.resolve(captains);
  openAgentProtocol({ settings, dataDir, natsUrl, keys, bus, server, version, context }, parts);
  const search = openSearch({ dataDir, settings, bus, fleet: server.fleet, context }, parts);
  const agentDesk = keys && openAgentsOverHttp({ dataDir, natsUrl, roleOf, version, now, log }, parts);
  const access = accessOf(watched, { dataDir, instance, http, tls, now, log });
  const app = {
    server,
    natsUrl: redact(natsUrl),
    spawnCommand: spawnText(dataDir, context),
    ...{ clis: agentClis, spawner: headlessAgents, away, search, agentDesk, listNodes: nodes?.list },
    changes: openChanges({ dataDir, bus, fleet: server.fleet, context }, parts),
    doctor: openDoctor({ "data-dir": dataDir }, context),
    cliFinder: createCliFinder(dataDir, context),
    ...{ ...notify.desksOn(bus), operator: operatorOf(context), metrics, now, log },
  };
  const commandRunner = createCommandRunner({ dataDir, bus, readFleet: server.readFleet }, context);
  startupHandler.open(createApp({ ...app, commandRunner, access, isOwnHost }));
  if (access !== undefined) phone?.open(app, access);
  parts.defer(() => startupHandler.close());

  const resuming = await headlessAgents.toResume();
  const file: ServeFile = {
    url,
    nats_url: natsUrl,
    data_dir: dataDir,
    ...{ version, commit, pid: process.pid, instance, insecure },
    nats_version: bus.serverVersion,
    nats_creds: nats.clientCreds,
    token_file: tokenFile,
    ...(resuming.length === 0 ? {} : { resuming: [...resuming] }),
    ...definedOf({ search_path: context.env.PATH, phone: phone?.address }),
    tls_key: settings.tls_key && resolve(context.cwd, settings.tls_key),
  };
  await writeServeFile(dataDir, file);
  parts.defer(() => removeServeFile(dataDir, instance));
  // Only now, because the agents find this server by serve.json.
  void headlessAgents.resume();
  void captains.resume();
  void endLeftoverRuns(dataDir, log, hosts.look);
  return { file, bus, token: watched?.token() };
}

/** Takes the lock of the directory for this process, and removes what a killed restore has left of it. @returns the function that releases it */
async function takeDirectory(
  dataDir: string,
  holder: { readonly url: string; readonly instance: string },
  log: CliContext["log"],
): Promise<() => Promise<void>> {
  const started = await readProcessStart(process.pid);
  const release = await takeLock(dataDir, { ...holder, pid: process.pid, ...definedOf({ started }) });
  await removeLeftoversOf(dataDir, log);
  return release;
}

/** The file with the HTTP token; undefined with --insecure, which asks for no token. */
async function tokenFileOf(
  { insecure, token_file }: ServeSettings,
  dataDir: string,
  { cwd }: CliContext,
): Promise<string | undefined> {
  if (insecure) return undefined;
  return token_file === undefined ? await ensureHttpToken(dataDir) : resolve(cwd, token_file);
}

async function auditOptionsOf(settings: ServeSettings, dataDir: string): Promise<AuditOptions> {
  const key = await openSigningKey(keysDirOf(dataDir));
  return {
    key,
    // None with --nats-url: the operator of that server may restore its store from a backup, and the head file would report that as tampering.
    headFile: settings.nats_url === undefined ? openHeadFile(keysDirOf(dataDir), key) : undefined,
    retention: auditRetentionOf(settings),
    heartbeats: settings.audit_heartbeats,
    keystrokes: settings.audit_keystrokes,
  };
}

/** Resolves at the first signal. A second signal kills nats-server, removes serve.json, and ends this process at once. */
function stopOnSignal(running: Running, { exitNow, log }: CliContext): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    log.info(`${signal}: the server ends`);
    resolve();
    if (signals === 1) return;
    running.kill.abort();
    removeServeFile(running.dataDir, running.instance);
    exitNow(130);
  };
  const outlivesTerminal = ignoresHangup() === true;
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  if (!outlivesTerminal) process.on("SIGHUP", onSignal);
  return promise;
}
