// This room sends push messages to the browsers that have turned them on, each by the push service of its maker.
//
// Keeps the browsers, and tells each as a target is told.
import type { Notice } from "../../domain/notices/notice.ts";
import type { Notices } from "../../domain/notices/notices-words.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { pushConsumer } from "../../domain/wire/subjects.ts";
import type { ServerInside } from "../../server/start/server-options.ts";
import { createFailures } from "../failures.ts";
import { createRecipients } from "../recipients.ts";
import type { Records } from "../records.ts";
import { NotTaken } from "../targets/not-taken.ts";
import type { PushSettings } from "../targets/notify-file.ts";
import { deliveryId, type ToldContext, toldRecipient } from "../targets/told-recipient.ts";
import { type Device, requireService } from "./device.ts";
import { openDevices } from "./devices.ts";
import { type PushSending, sendPush } from "./send-push.ts";

/** The kind of the alert. */
const pushFailedAlert = "push_failed";
const timeoutS = 10;
/** Push services want an address of the sender, which nobody needs to be reached by. */
const nobody = "mailto:nobody@example.org";

export interface PushPlan extends Pick<PushSending, "keys" | "fetch"> {
  /** Whether the owner of a browser may still see the fleet. */
  readonly isOwnerGood: (owner: string) => boolean;
}

export interface PushOptions extends PushPlan, Pick<ToldContext, "waitMs" | "inFront" | "stands"> {
  readonly records: ToldContext["records"] & Pick<Records, "forget">;
}

export interface Push {
  readonly entries: readonly Device[];
  readonly settings: PushSettings;
  /** @throws CliaiError `refused` if its push service is not known, or if there are too many browsers; `store_unavailable` */
  add(device: Device): Promise<void>;
  /** Removes the browser with this address at its push service, if there is one. @throws CliaiError `store_unavailable` */
  remove(endpoint: string): Promise<void>;
  /** Uses these settings from now on. */
  set(settings: PushSettings, pageUrl: string | undefined): void;
  /** Sends the browser this notice now, once. @throws NotTaken */
  send(device: Device, notice: Notice, signal: AbortSignal): Promise<void>;
  waiting(consumer: string): number;
  stop(): Promise<void>;
}

export async function openPush(
  inside: Pick<ServerInside, "bus" | "lease" | "alerts" | "now" | "log">,
  options: PushOptions,
  first: { readonly push: PushSettings; readonly pageUrl: string | undefined },
): Promise<Push> {
  const { bus, lease, alerts, now, log } = inside;
  const { keys, isOwnerGood, records, waitMs, inFront, stands } = options;
  const devices = await openDevices(bus);
  const failures = createFailures(alerts, pushFailedAlert, "browser");
  const recipients = createRecipients(inside, pushConsumer(""));
  let { push: settings, pageUrl: page } = first;

  /** Resolves to why the browser gets no messages any more; undefined if its push service has taken this one. */
  const post = async (device: Device, notices: Notices, signal: AbortSignal) => {
    if (!isOwnerGood(device.owner)) return forget(device, "it was signed out");
    const contact = settings.contact ?? (page?.startsWith("https:") ? page : nobody);
    const sending = { id: deliveryId(notices), keys, contact, timeoutS, now, signal, fetch: options.fetch };
    const isTaken = await sendPush(device, notices, sending);
    return isTaken ? undefined : forget(device, "its push service says that it is gone");
  };
  const forget = (device: Device, why: string) => {
    log.info(`the browser ${device.name} gets no push messages any more: ${why}`);
    remove([device]).catch((error: unknown) =>
      log.warn(`the browser ${device.name} is not removed: ${messageOf(error)}`),
    );
    return why;
  };
  const remove = async (gone: readonly Device[]) => {
    for (const device of gone) await devices.remove(device);
    await apply(); // after it, nothing is noted of them any more
    const names = devices.list().map(({ name }) => name);
    for (const { name } of gone) if (!names.includes(name)) await records.forget(pushConsumer(name));
  };
  /** Those that have subscribed for this server. */
  const own = () => devices.list().filter(({ server_key }) => server_key === keys.publicKey);
  const apply = async () => {
    const { on, in_front, quiet, every_s } = settings;
    await recipients.set(
      own().map((device) => {
        const consumer = pushConsumer(device.name);
        const facts = { name: device.name, on, in_front, quiet, every_s, consumer };
        return toldRecipient(
          { ...facts, fingerprint: JSON.stringify([device, on, in_front, quiet, every_s]) },
          {
            ...{ failures, records, now, log, waitMs, inFront, stands },
            post: async (notices, signal) => void (await post(device, notices, signal)),
          },
        );
      }),
    );
    failures.keepOnly(own().map(({ name }) => name));
  };
  const readAgain = (isLeader: boolean) => {
    if (!isLeader) return;
    devices
      .read()
      .then(apply)
      .catch((error: unknown) =>
        log.warn(`the browsers for push messages are not known: ${messageOf(error)}`),
      );
  };
  const unlisten = lease.onChange(readAgain);
  await apply();
  return {
    get entries() {
      return own();
    },
    get settings() {
      return settings;
    },
    async add(device) {
      requireService(device.endpoint, settings.services);
      if (device.server_key !== keys.publicKey) {
        throw new CliaiError("refused", "the browser has subscribed for another server", {
          hint: "turn push messages on at the server that leads; if its keys are new, reload the page and turn them on again",
        });
      }
      await devices.put(device);
      await apply();
    },
    remove: (endpoint) => remove(devices.list().filter((device) => device.endpoint === endpoint)),
    set(next, pageUrl) {
      settings = next;
      page = pageUrl;
      void apply();
    },
    async send(device, notice, signal) {
      const why = await post(device, [notice], signal);
      if (why !== undefined) throw new NotTaken(why);
    },
    waiting: recipients.waiting,
    async stop() {
      unlisten();
      await recipients.stop();
    },
  };
}
