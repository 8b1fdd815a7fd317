// Starts a service and waits until its server is ready; and removes one.
import { rm } from "node:fs/promises";
import process from "node:process";
import { askHealth } from "../../data-dir/ask-serve.ts";
import { readLog, serveLogPath } from "../../data-dir/log-file.ts";
import { readServeFile, type ServeFile } from "../../data-dir/serve-file.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { pause } from "../../waiting.ts";
import { failureOf } from "../background/background-serve.ts";
import { endServer } from "../background/down.ts";
import type { CliContext } from "../frame/context.ts";
import { readState, runAll } from "./run-manager.ts";
import { type ServiceText, writeServiceFile } from "./service-file.ts";
import type { ServiceManager } from "./service-managers.ts";

/** Long, because nats-server needs a while to open a large store. */
const readyWithinMs = 60_000;
const lookEveryMs = 50;

export interface ServicePlace {
  readonly dataDir: string;
  readonly manager: ServiceManager;
}

/**
 * @param former the file of the service as it was; it is restored if the new one does not start
 * @throws CliaiError with the error of the manager, or of `serve` itself
 */
export async function startService(
  { dataDir, manager }: ServicePlace,
  former: ServiceText | undefined,
  context: CliContext,
): Promise<ServeFile> {
  const { path, file } = manager;
  const from = readLog(serveLogPath(dataDir), -1, 1).end;
  const earlier = (await readServeFile(dataDir).catch(() => undefined))?.instance;
  // launchd does not load a service a second time.
  if (former !== undefined && process.platform === "darwin") await end(manager, context);
  await writeServiceFile(path, file);
  try {
    await runAll(manager.install, context);
    return await untilReady(dataDir, { earlier, from, manager, context });
  } catch (error) {
    if (former === undefined) await removeService({ dataDir, manager }, context);
    else {
      await writeServiceFile(path, former.bytes);
      await runAll(manager.install, context, (failure) => context.log.warn(failure.message));
    }
    throw error;
  }
}

async function end(manager: ServiceManager, context: CliContext): Promise<void> {
  await runAll(manager.uninstall, context, (error) => context.log.debug(error.message));
}

/** Ends the server of the service, and removes the service. The agents run on. */
export async function removeService({ dataDir, manager }: ServicePlace, context: CliContext): Promise<void> {
  await end(manager, context);
  if (manager.isDetached) await endServer(dataDir);
  await rm(manager.path, { force: true });
  await runAll(manager.forget, context, (error) => context.log.debug(error.message));
}

interface ReadyOptions {
  /** The server that ran before, which is not meant. */
  readonly earlier: string | undefined;
  /** Where the log of this start begins. */
  readonly from: number;
  readonly manager: ServiceManager;
  readonly context: CliContext;
}

/** @throws CliaiError with the error of `serve` itself if the service does not run any more; `no_answer` after a minute */
async function untilReady(
  dataDir: string,
  { earlier, from, manager, context }: ReadyOptions,
): Promise<ServeFile> {
  const log = serveLogPath(dataDir);
  const startedMs = performance.now();
  while (performance.now() - startedMs < readyWithinMs) {
    const server = await readServeFile(dataDir).catch(() => undefined);
    const isNew = server !== undefined && server.instance !== earlier;
    if (isNew && (await askHealth(server.url)) !== undefined) return server;
    const mayStillStart = performance.now() - startedMs < (manager.startsWithinMs ?? 0);
    if (!mayStillStart && !(await readState(manager, context)).isActive)
      throw failureOf("by itself", readLog(log, from).text);
    await pause(lookEveryMs);
  }
  throw new CliaiError("no_answer", "the server of the service was not ready after a minute", {
    hint: "see what it does: cliai status --log",
  });
}
