// This room tells people and programs outside of the dashboard of what happens in the fleet: it stores the notices, runs the user's hooks, and sends webhooks.
//
// Opens it all, in this order: first those who are told, then the watch that finds what to tell, so that nothing is missed.
import * as v from "valibot";
import { definedOf } from "../domain/defined.ts";
import { alertNotice, needNotices, testNotice } from "../domain/notices/fleet-notices.ts";
import type { Notice } from "../domain/notices/notice.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { hookConsumer, pushConsumer, targetConsumer } from "../domain/wire/subjects.ts";
import type { Environment } from "../runtime.ts";
import type { ServerInside } from "../server/start/server-options.ts";
import { openHooks } from "./hooks/hooks.ts";
import { createInFront, type InFront } from "./in-front.ts";
import { openNoticeStore } from "./notice-store.ts";
import { openPush, type Push, type PushPlan } from "./push/push.ts";
import { openRecords, type Records } from "./records.ts";
import { hostOf } from "./targets/deliver.ts";
import { type PushSettings, standardPush, type Target } from "./targets/notify-file.ts";
import { openTargets, type TargetsOptions } from "./targets/targets.ts";
import { type FleetWatchOptions, watchFleet } from "./watch-fleet.ts";

export interface NoticesOptions
  extends Pick<TargetsOptions, "waitMs" | "answerPath">,
    Pick<FleetWatchOptions, "restsForMs"> {
  readonly dataDir: string;
  readonly env: Environment;
  /** The address of the dashboard. */
  readonly url: string;
  readonly version: string;
  /** Without it, no browser takes push messages. */
  readonly push?: PushPlan | undefined;
}

export const ToldSchema = v.object({
  name: v.string(),
  /** `wrong`: an entry that cannot be used, or a file. */
  type: v.picklist(["target", "device", "hook", "wrong"]),
  /** Who is told: a host, or a program; of a `device`, which is a browser, the host of its push service. */
  to: v.string(),
  on: v.array(v.string()),
  /** The kinds of requests that its links answer; absent if it has no such links. */
  answers: v.exactOptional(v.array(v.string())),
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
  type: v.picklist(["target", "device", "hook"]),
  ok: v.boolean(),
  ms: v.number(),
  error: v.nullable(v.string()),
});
export type Tried = v.InferOutput<typeof TriedSchema>;

export interface OpenNotices extends Pick<Push, "add" | "remove"> {
  list(): Told[];
  /**
   * Tells the hooks, targets and browsers of this name, or all, a notice of the kind `test`: once, at once, also in quiet hours.
   * @throws CliaiError `usage` if there is none
   */
  test(name: string | undefined): Promise<Tried[]>;
  /** A page of the dashboard is in front of a person who uses it, or has gone to the back. */
  noteInFront: InFront["note"];
  stop(): Promise<void>;
}

export async function openNotices(inside: ServerInside, options: NoticesOptions): Promise<OpenNotices> {
  const records = await openRecords(inside.bus, inside);
  const hooks = await openHooks(inside, { ...options, records });
  const inFront = createInFront();
  const told = { ...options, records, inFront, stands: (notice: Notice) => stands(notice, inside) };
  let push: Push | undefined;
  let settings: { push: PushSettings; pageUrl: string | undefined } = {
    push: standardPush,
    pageUrl: undefined,
  };
  const onSettings: TargetsOptions["onSettings"] = (read) => {
    if (read.push === undefined) return; // while the file cannot be used, what it said before counts
    settings = { push: read.push, pageUrl: read.pageUrl };
    push?.set(settings.push, settings.pageUrl);
  };
  const targets = await openTargets(inside, { ...told, onSettings });
  push = options.push && (await openPush(inside, { ...told, ...options.push }, settings));
  const store = await openNoticeStore(inside.bus);
  const endWatch = watchFleet({ ...inside, store, ...definedOf({ restsForMs: options.restsForMs }) });
  const stopping = new AbortController();
  const { signal } = stopping;
  return {
    list: () => [
      ...targets.entries.map((target) => {
        const consumer = targetConsumer(target.name);
        const facts = { consumer, type: "target" as const, to: placeOf(target), from: targets, records };
        const answers = [...target.answer_links];
        return { ...toldOf(target, facts), ...(answers.length === 0 ? {} : { answers }) };
      }),
      ...(push?.entries ?? []).map((device) => {
        const consumer = pushConsumer(device.name);
        const facts = { consumer, type: "device" as const, to: hostOf({ url: device.endpoint }), records };
        return toldOf({ name: device.name, on: push?.settings.on ?? [] }, { ...facts, from: push as Push });
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
        ...(push?.entries ?? [])
          .filter(isMeant)
          .map((device) => attempt("device", device, async (to) => await push?.send(to, notice, signal))),
        ...hooks.entries
          .filter(isMeant)
          .map((hook) => attempt("hook", hook, (one) => hooks.run(one, notice, signal))),
      ];
      const known = [...targets.entries, ...(push?.entries ?? []), ...hooks.entries];
      if (tries.length === 0) throw noneOf(name, known);
      return await Promise.all(tries);
    },
    noteInFront: inFront.note,
    async stop() {
      stopping.abort();
      await endWatch();
      await Promise.all([hooks.stop(), targets.stop(), push?.stop()]);
    },
    add: async (device) => await requirePush(push).add(device),
    remove: async (endpoint) => await requirePush(push).remove(endpoint),
  };
}

/** Whether what the notice is about still is: the need or the alert. What has happened once stands for ever. */
function stands(
  { notice_id, kind, agent_id = "", need }: Notice,
  { fleet, alerts }: Pick<ServerInside, "fleet" | "alerts">,
): boolean {
  if (kind === "alert") return alerts.open().some((alert) => alertNotice(alert).notice_id === notice_id);
  if (need === undefined) return true;
  const view = fleet.get(agent_id as AgentId);
  return view !== undefined && needNotices(view).some((each) => each.notice_id === notice_id);
}

function requirePush(push: Push | undefined): Push {
  if (push !== undefined) return push;
  throw new CliaiError("refused", "this server sends no push messages", {
    hint: "its log says why",
  });
}

function placeOf({ way }: Target): string {
  return way === "desktop" ? "the desktop" : hostOf(way);
}

interface ToldFacts extends Pick<Told, "type" | "to"> {
  readonly consumer: string;
  readonly from: { waiting(consumer: string): number };
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
  const hint =
    "name a target in notify.json, or a hook in hooks.json, of the data directory, or turn push messages on at the page /phone";
  if (name === undefined)
    return new CliaiError("usage", "there is no target, no browser and no hook", { hint });
  const near = didYouMean(
    name,
    known.map((each) => each.name),
  );
  return new CliaiError("usage", `no target, no browser and no hook is called "${name}"`, {
    hint: near ?? hint,
  });
}
