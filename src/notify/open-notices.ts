// This room tells people and programs outside of the dashboard of what happens in the fleet: it stores the notices, runs the user's hooks, and sends webhooks.
//
// Opens it all, in this order: first those who are told, then the watch that finds what to tell, so that nothing is missed.
import * as v from "valibot";
import { definedOf } from "../domain/defined.ts";
import { testNotice } from "../domain/notices/fleet-notices.ts";
import type { Notice } from "../domain/notices/notice.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { hookConsumer, targetConsumer } from "../domain/wire/subjects.ts";
import type { Environment } from "../runtime.ts";
import type { ServerInside } from "../server/start/server-options.ts";
import { openHooks } from "./hooks/hooks.ts";
import { openNoticeStore } from "./notice-store.ts";
import type { RecipientsFile } from "./recipients-file.ts";
import { openRecords, type Records } from "./records.ts";
import type { Target } from "./targets/notify-file.ts";
import { hostOf } from "./targets/send-webhook.ts";
import { openTargets, type TargetsOptions } from "./targets/targets.ts";
import { type FleetWatchOptions, watchFleet } from "./watch-fleet.ts";

export interface NoticesOptions
  extends Pick<TargetsOptions, "waitMs">,
    Pick<FleetWatchOptions, "restsForMs"> {
  readonly dataDir: string;
  readonly env: Environment;
  /** The address of the dashboard. */
  readonly url: string;
  readonly version: string;
}

export const ToldSchema = v.object({
  name: v.string(),
  /** `wrong`: an entry that cannot be used, or a file. */
  type: v.picklist(["target", "hook", "wrong"]),
  /** Who is told: a host, or a program. */
  to: v.string(),
  on: v.array(v.string()),
  /** How many notices wait for it. */
  waiting: v.number(),
  last_at: v.nullable(v.string()),
  error: v.nullable(v.string()),
  error_at: v.nullable(v.string()),
  dropped: v.number(),
});
/** One hook or target, and what became of its last notices. */
export type Told = v.InferOutput<typeof ToldSchema>;

export const TriedSchema = v.object({
  name: v.string(),
  type: v.picklist(["target", "hook"]),
  ok: v.boolean(),
  ms: v.number(),
  error: v.nullable(v.string()),
});
export type Tried = v.InferOutput<typeof TriedSchema>;

export interface OpenNotices {
  list(): Told[];
  /**
   * Tells the hooks and targets of this name, or all, a notice of the kind `test`: once, at once, also in quiet hours.
   * @throws CliaiError `usage` if there is none
   */
  test(name: string | undefined): Promise<Tried[]>;
  stop(): Promise<void>;
}

export async function openNotices(inside: ServerInside, options: NoticesOptions): Promise<OpenNotices> {
  const records = await openRecords(inside.bus, inside);
  const hooks = await openHooks(inside, { ...options, records });
  const targets = await openTargets(inside, { ...options, records });
  const store = await openNoticeStore(inside.bus);
  const endWatch = watchFleet({ ...inside, store, ...definedOf({ restsForMs: options.restsForMs }) });
  const stopping = new AbortController();
  const { signal } = stopping;
  return {
    list: () => [
      ...targets.entries.map((target) => {
        const consumer = targetConsumer(target.name);
        return toldOf(target, { consumer, type: "target", to: placeOf(target), from: targets, records });
      }),
      ...hooks.entries.map((hook) => {
        const consumer = hookConsumer(hook.name);
        return toldOf(hook, { consumer, type: "hook", to: hook.command[0] ?? "", from: hooks, records });
      }),
      ...[...targets.problems, ...hooks.problems].map(wrongOf),
    ],
    async test(name) {
      const notice = testNotice(crypto.randomUUID(), inside.now());
      const isMeant = (each: { readonly name: string }) => name === undefined || each.name === name;
      const tries = [
        ...targets.entries
          .filter(isMeant)
          .map((target) => attempt("target", target, (to) => targets.send(to, notice, signal))),
        ...hooks.entries
          .filter(isMeant)
          .map((hook) => attempt("hook", hook, (one) => hooks.run(one, notice, signal))),
      ];
      if (tries.length === 0) throw noneOf(name, [...targets.entries, ...hooks.entries]);
      return await Promise.all(tries);
    },
    async stop() {
      stopping.abort();
      await endWatch();
      await Promise.all([hooks.stop(), targets.stop()]);
    },
  };
}

function placeOf({ way }: Target): string {
  return way === "desktop" ? "the desktop" : hostOf(way);
}

interface ToldFacts extends Pick<Told, "type" | "to"> {
  readonly consumer: string;
  readonly from: Pick<RecipientsFile<never>, "waiting">;
  readonly records: Pick<Records, "of">;
}

function toldOf(
  { name, on }: { readonly name: string; readonly on: readonly Notice["kind"][] },
  { consumer, type, to, from, records }: ToldFacts,
): Told {
  const { last_at = null, error = null, error_at = null, dropped = 0 } = records.of(consumer);
  return { name, type, to, on: [...on], waiting: from.waiting(consumer), last_at, error, error_at, dropped };
}

function wrongOf([name, { message }]: readonly [string, CliaiError]): Told {
  const facts = { to: "", on: [], waiting: 0, last_at: null, error_at: null, dropped: 0 };
  return { name, type: "wrong", ...facts, error: message };
}

async function attempt<T extends { readonly name: string }>(
  type: Tried["type"],
  entry: T,
  tell: (entry: T) => Promise<void>,
): Promise<Tried> {
  const startMs = performance.now();
  const error = await tell(entry).then(() => null, messageOf);
  return { name: entry.name, type, ok: error === null, ms: Math.round(performance.now() - startMs), error };
}

function noneOf(name: string | undefined, known: readonly { readonly name: string }[]): CliaiError {
  const hint = "name a target in notify.json, or a hook in hooks.json, of the data directory";
  if (name === undefined) return new CliaiError("usage", "there is no hook and no target", { hint });
  const near = didYouMean(
    name,
    known.map((each) => each.name),
  );
  return new CliaiError("usage", `no hook and no target is called "${name}"`, { hint: near ?? hint });
}
