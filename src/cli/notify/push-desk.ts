// Push messages to browsers: the server's keys for them, and which browser is whose, so that one that is signed out gets no more.
import { createHash } from "node:crypto";
import { isExpired, readNamedTokens } from "../../credentials/named-tokens.ts";
import { ensurePushKeys, type PushKeys } from "../../credentials/push-keys.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { PushPlan } from "../../notify/push/push.ts";
import type { Caller } from "../../web/access/caller.ts";
import type { PushDesk } from "../../web/pages/device/push-desk.ts";
import { askToAddDevice, askToRemoveDevice } from "./notify-desk.ts";

export interface PushDeskOptions {
  readonly dataDir: string;
  /** The operator's token at present; undefined with `--insecure`, which asks nobody for one. */
  readonly token: (() => string | undefined) | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

export interface PreparedPush {
  readonly plan: PushPlan;
  /** What the page asks, and the leader carries out. */
  readonly deskOn: (bus: Bus) => PushDesk;
}

/** Undefined, with a warning, if the keys cannot be used: everything else works without push messages. */
export async function preparePush(options: PushDeskOptions): Promise<PreparedPush | undefined> {
  let keys: PushKeys;
  try {
    keys = await ensurePushKeys(options.dataDir);
  } catch (error) {
    options.log.warn(`no push messages are sent: ${messageOf(error)}`);
    return undefined;
  }
  return {
    plan: { keys, isOwnerGood: (owner) => isOwnerGood(owner, options) },
    deskOn: (bus) => ({
      publicKey: keys.publicKey,
      async add(subscription, caller) {
        const name = caller?.name ?? `browser-${hashOf(subscription.endpoint).slice(0, 8)}`;
        await askToAddDevice(bus, { ...subscription, name, owner: ownerOf(caller, options) });
      },
      remove: (endpoint) => askToRemoveDevice(bus, endpoint),
    }),
  };
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const anybody = "anybody";

/** A new token of the operator, and another named token of the same name, make another owner. */
function ownerOf(caller: Caller, { token }: PushDeskOptions): string {
  if (caller !== undefined) return `token ${caller.name} ${caller.created_at}`;
  return token === undefined ? anybody : `operator ${hashOf(`push ${token() ?? ""}`)}`;
}

function isOwnerGood(owner: string, options: PushDeskOptions): boolean {
  const { dataDir, token, now } = options;
  if (token === undefined || !owner.startsWith("token ")) return owner === ownerOf(undefined, options);
  return readNamedTokens(dataDir, () => undefined).some(
    (named) => !isExpired(named, now()) && owner === ownerOf(named, options),
  );
}
