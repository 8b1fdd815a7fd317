// Starts a service and waits until its server is ready; and removes one.
import { rm } from "node:fs/promises";
import process from "node:process";
import { readLog } from "../../data-dir/log-file.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { pause } from "../../waiting.ts";
import { failureOf } from "../background/background-serve.ts";
import type { CliContext } from "../frame/context.ts";
import { startBackgroundNode } from "../node/node-run.ts";
import { readState, runAll } from "./run-manager.ts";
import { type ServiceText, writeServiceFile } from "./service-file.ts";
import type { ServiceManager } from "./service-managers.ts";
import type { ReadyRun, ServiceProgram } from "./service-programs.ts";

/** Long, because nats-server needs a while to open a large store. */
const readyWithinMs = 60_000;
/** How long a node that cannot connect is waited for. */
const connectedWithinMs = 15_000;
const lookEveryMs = 50;

export interface ServicePlace {
  readonly dataDir: string;
  readonly program: ServiceProgram;
  readonly manager: ServiceManager;
}

/**
 * @param former the file of the service as it was; it is restored if the new one does not start
 * @throws CliaiError with the error of the manager, or of the command that it runs
 */
export async function startService(
  place: ServicePlace,
  former: ServiceText | undefined,
  context: CliContext,
): Promise<ReadyRun> {
  const { program, manager } = place;
  const { path, file } = manager;
  const from = readLog(program.log, -1, 1).end;
  const earlier = await program.lastRun();
  // launchd does not load a service a second time.
  if (former !== undefined && process.platform === "darwin") await end(manager, context);
  await writeServiceFile(path, file);
  try {
    await runAll(manager, "install", context);
    return await untilReady(program, { earlier, from, manager, context });
  } catch (error) {
    if (former === undefined) await removeService(place, context);
    else {
      await writeServiceFile(path, former.bytes);
      await runAll(manager, "install", context, (failure) => context.log.warn(failure.message));
    }
    throw error;
  }
}

/**
 * As {@link startService}, where the node runs without the service, because `cliai join` has started it: it is ended first, and nobody misses it
 * for a moment. If the service does not start, the node runs as before, so that the machine stays in its fleet.
 */
export async function startServiceOfNode(
  place: ServicePlace,
  former: ServiceText | undefined,
  context: CliContext,
): Promise<ReadyRun> {
  const { program, dataDir } = place;
  await program.end();
  try {
    return await startService(place, former, context);
  } catch (error) {
    // The manager may have started the former service again, then or meanwhile.
    if (!(await program.isHeld())) {
      const started = startBackgroundNode(dataDir, context, { whenConnected: false });
      await started.then(
        (pid) => context.note(`the node runs again in the background (pid ${pid}), without a service`),
        async (cause: unknown) => {
          if (await program.isHeld()) return;
          context.note(
            `the node does not run now: ${messageOf(cause)}; to start it again: cliai node --detach`,
          );
        },
      );
    }
    throw error;
  }
}

async function end(manager: ServiceManager, context: CliContext): Promise<void> {
  await runAll(manager, "uninstall", context, (error) => context.log.debug(error.message));
}

/** Ends what the service runs, and removes the service. The agents run on. */
export async function removeService({ program, manager }: ServicePlace, context: CliContext): Promise<void> {
  await end(manager, context);
  if (manager.isDetached) await program.end();
  await rm(manager.path, { force: true });
  await runAll(manager, "forget", context, (error) => context.log.debug(error.message));
}

interface ReadyOptions {
  /** The run before, which is not meant. */
  readonly earlier: string | undefined;
  /** Where the log of this start begins. */
  readonly from: number;
  readonly manager: ServiceManager;
  readonly context: CliContext;
}

/** @throws CliaiError with the error of the command itself if the service does not run any more; `no_answer` after a minute */
async function untilReady(
  program: ServiceProgram,
  { earlier, from, manager, context }: ReadyOptions,
): Promise<ReadyRun> {
  const startedMs = performance.now();
  const passedMs = () => performance.now() - startedMs;
  while (passedMs() < readyWithinMs) {
    const found =
      (await program.ready()) ?? (passedMs() > connectedWithinMs ? await program.waiting() : undefined);
    if (found !== undefined && found.run !== earlier) return found;
    const mayStillStart = passedMs() < (manager.startsWithinMs ?? 0);
    if (!mayStillStart && !(await readState(manager, context)).isActive)
      throw failureOf("by itself", readLog(program.log, from).text);
    await pause(lookEveryMs);
  }
  throw new CliaiError("no_answer", `${program.title} of the service was not ready after a minute`, {
    hint: `see what it says: tail ${program.log}`,
  });
}
