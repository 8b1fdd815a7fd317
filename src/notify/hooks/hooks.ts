// This room runs the user's hooks: commands of `hooks.json`, on notices.
//
// Opens the hooks, and says what became of each run.
import type { Notice } from "../../domain/notices/notice.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { hookConsumer } from "../../domain/wire/subjects.ts";
import type { Environment } from "../../runtime.ts";
import type { ServerInside } from "../../server/start/server-options.ts";
import type { Failures } from "../failures.ts";
import type { NamedRecipient } from "../recipients.ts";
import { openRecipientsFile, type RecipientsFile } from "../recipients-file.ts";
import type { Records } from "../records.ts";
import { type Hook, hooksFileName, hooksPath, isWanted, parseHooksFile } from "./hooks-file.ts";
import { runHook } from "./run-hook.ts";

/** The kind of the alert. */
const hookFailedAlert = "hook_failed";

export interface HooksOptions {
  readonly dataDir: string;
  readonly env: Environment;
  /** The address of the dashboard. */
  readonly url: string;
  readonly records: Pick<Records, "told" | "failed">;
}

export interface Hooks extends RecipientsFile<Hook> {
  /** Runs the hook on this notice now. @throws Error with the reason in a line */
  run(hook: Hook, notice: Notice, signal: AbortSignal): Promise<void>;
}

/** Resolves when the file was read, and its hooks are ready. */
export async function openHooks(
  inside: Pick<ServerInside, "bus" | "lease" | "alerts" | "log">,
  options: HooksOptions,
): Promise<Hooks> {
  const { dataDir, env, url } = options;
  const run: Hooks["run"] = (hook, notice, signal) =>
    runHook(hook, inputOf(notice, url), { cwd: dataDir, env: { ...env, CLIAI_HOME: dataDir }, signal });
  const file = await openRecipientsFile<Hook>(inside, {
    file: { path: hooksPath(dataDir), isSecret: false },
    fileName: hooksFileName,
    parse: (source) => parseHooksFile(source, hooksPath(dataDir)),
    consumerOf: hookConsumer,
    recipientOf: (hook, failures) => recipientOf(hook, run, failures, options.records),
    alert: hookFailedAlert,
    what: "hook",
  });
  return Object.assign(file, { run });
}

function recipientOf(
  hook: Hook,
  run: Hooks["run"],
  failures: Failures,
  records: HooksOptions["records"],
): NamedRecipient {
  const consumer = hookConsumer(hook.name);
  return {
    consumer,
    fingerprint: JSON.stringify(hook),
    isWanted: (notice) => isWanted(hook, notice),
    atOnce: 1,
    whenReady: () => Promise.resolve(),
    take: async ([notice], signal) => {
      try {
        await run(hook, notice, signal);
        failures.set(hook.name, undefined);
        records.told(consumer);
      } catch (error) {
        if (signal.aborted) return;
        failures.set(hook.name, messageOf(error));
        records.failed(consumer, messageOf(error));
      }
    },
  };
}

/** What the command reads: the notice, and the address of its page. */
function inputOf({ path, ...notice }: Notice, url: string): object {
  return { ...notice, link: `${url}${path}` };
}
