// This room has the machines that join: it lets them in.
//
// The door by which machines join. It is open only while there is a join code: then nats-server lets clients without credentials into the account
// JOIN, where serve answers them. Otherwise it refuses them at once.
import { hubPin, readHubFacts } from "../../../credentials/nodes/hub-pin.ts";
import {
  lastCodeEnd,
  makeJoinCode,
  redeemJoinCode,
  withdrawJoinCodes,
} from "../../../credentials/nodes/join-codes.ts";
import {
  addNode,
  isNode,
  mintForAccount,
  type NodeGrant,
  readJoinAccount,
  requireFreeName,
} from "../../../credentials/nodes/nodes.ts";
import type { HubFacts, JoinAnswer, JoinAsk } from "../../../domain/nodes/node-messages.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import type { Logger } from "../../../log.ts";
import type { NatsKeys } from "../../../nats/accounts/credentials.ts";
import {
  buildJoinAccountClaims,
  isPublicKey,
  joinUserName,
} from "../../../nats/accounts/node-credentials.ts";
import { limitStay, pushAccountClaims } from "../../../nats/accounts/system-account.ts";
import type { Bus } from "../../../nats/bus.ts";
import { hasSentinel } from "../../../nats/child/server-config.ts";
import { connectBus } from "../../../nats/connect-bus.ts";
import { openOperatorDesk } from "../../../server/operator-desk.ts";
import { pause } from "../../../waiting.ts";
import { hubDesk, joinDesk } from "../../nodes/join-desks.ts";

/** How many machines may wait for an answer. */
const mostWaiting = 20;

export interface DoorTimes {
  /** How long a machine without credentials may stay connected. */
  strangerMs: number;
  /** How long the door stays open after the last code was used. */
  afterUseMs: number;
}
const standardTimes: DoorTimes = { strangerMs: 30_000, afterUseMs: 60_000 };

export interface JoinDoorOptions {
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly keys: NatsKeys;
  /** In the system account: tells nats-server whether the door is open. */
  readonly system: Bus;
  readonly now: () => Date;
  readonly log: Logger;
  readonly onJoined: (node: NodeGrant) => void;
  readonly times?: Readonly<DoorTimes> | undefined;
}

export interface JoinDoor {
  /**
   * Makes a code, and opens the door until it ends.
   * @throws CliaiError `refused` if nats-server is too old
   */
  makeCode(order: { readonly lastsMs: number; readonly mayLaunch: boolean }): Promise<MadeAtDoor>;
  /** Ends the codes that nobody has used, and returns how many these were. The door shuts. */
  withdraw(): Promise<number>;
  stop(): Promise<void>;
}

interface MadeAtDoor {
  readonly code: string;
  readonly endsAt: Date;
  readonly facts: HubFacts;
}

/** Opens the door again if the serve before had a code that has not ended. */
export function openJoinDoor(options: JoinDoorOptions): JoinDoor {
  const { dataDir, keys, system, now, log, times = standardTimes } = options;
  const stopping = new AbortController();
  let close: (() => Promise<void>) | undefined;
  let waiting = new AbortController();
  /** One after another, so that the door never is open in one way and shut in the other. */
  let last: Promise<void> = Promise.resolve();

  const settle = async (): Promise<void> => {
    waiting.abort();
    waiting = new AbortController();
    if (stopping.signal.aborted) return;
    const end = lastCodeEnd(dataDir, now(), times.afterUseMs);
    const account = await readJoinAccount(dataDir, keys);
    // First serve itself, because strangers could take all the places.
    if (end !== undefined) close ??= await answerAt(account.key, { ...options, onJoined });
    await pushAccountClaims(system, await buildJoinAccountClaims(keys, account, end !== undefined));
    if (end === undefined) {
      await close?.();
      close = undefined;
      return;
    }
    const { signal } = waiting;
    void pause(end.getTime() - now().getTime() + 1, signal).then(() => {
      if (!signal.aborted) settleSoon().catch(warn);
    });
  };
  const settleSoon = (): Promise<void> => {
    const settled = last.then(settle);
    last = settled.catch(() => undefined); // whoever has asked gets the error
    return settled;
  };
  const onJoined = (node: NodeGrant) => {
    settleSoon().catch(warn); // its code is used up
    options.onJoined(node);
  };
  const warn = (error: unknown) => log.warn(`machines that join: ${messageOf(error)}`);
  if (hasSentinel(system.serverVersion) && lastCodeEnd(dataDir, now()) !== undefined)
    settleSoon().catch(warn);
  return {
    async makeCode({ lastsMs, mayLaunch }) {
      requireSentinel(system);
      const facts = await readHubFacts(dataDir, keys);
      const made = await makeJoinCode(dataDir, { lastsMs, mayLaunch, pin: hubPin(facts), now: now() });
      await settleSoon();
      return { ...made, facts };
    },
    async withdraw() {
      const count = await withdrawJoinCodes(dataDir, now());
      if (count > 0) await settleSoon();
      return count;
    },
    async stop() {
      stopping.abort();
      waiting.abort();
      await last;
      await close?.();
    },
  };
}

function requireSentinel({ serverVersion }: Bus): void {
  if (hasSentinel(serverVersion)) return;
  throw new CliaiError("refused", `nats-server ${serverVersion} lets no machine join`, {
    hint: "use the one inside of cliai, or 2.12 or newer: cliai serve --nats-server PATH",
  });
}

/** Connects to the account JOIN, and answers there. Returns the function that ends it. */
async function answerAt(
  accountKey: string,
  { dataDir, natsUrl, keys, system, now, log, onJoined, times = standardTimes }: JoinDoorOptions,
): Promise<() => Promise<void>> {
  const creds = await mintForAccount(dataDir, keys, accountKey);
  const bus = await connectBus({ url: natsUrl, name: "cliai serve join", creds, log });
  const stranger = { account: accountKey, user: joinUserName, lastsMs: () => times.strangerMs };
  const endLimit = limitStay(system, stranger, log);
  const limits = { mostAtOnce: mostWaiting };
  const letIn = async (ask: JoinAsk): Promise<JoinAnswer> => {
    const { name, user_key, host } = ask;
    const redeemed = await redeemJoinCode(dataDir, ask, {
      now: now(),
      admit() {
        // It is signed only after the code is used up.
        if (!isPublicKey(user_key)) throw new CliaiError("message_invalid", "user_key is no public key");
        requireFreeName(dataDir, ask);
      },
      isThere: (used) => isNode(dataDir, used),
    });
    const may_launch = redeemed.mayLaunch;
    const { node, jwt } = await addNode(dataDir, keys, { name, user_key, may_launch, host, now: now() });
    log.info(`the machine ${host} has joined as the node ${name}`);
    onJoined(node);
    return { name, jwt, may_launch };
  };
  /** One after another, so that a code is used up before the next one asks. */
  let last: Promise<unknown> = Promise.resolve();
  openOperatorDesk(bus, hubDesk, () => readHubFacts(dataDir, keys), log, limits);
  openOperatorDesk(
    bus,
    joinDesk,
    (ask) => {
      const answer = last.then(() => letIn(ask));
      last = answer.catch(() => undefined); // whoever has asked gets the error
      return answer;
    },
    log,
    limits,
  );
  await Promise.all([bus.flush(), system.flush()]);
  return async () => {
    endLimit();
    await bus.close();
  };
}
