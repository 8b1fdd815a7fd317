// Pulls messages from a consumer, with a limit on bytes and one on messages. Limits are needed because nats-server sends all that one
// pull asks for at once, and closes a connection on which more than 64 MB wait. nats 2.29's own consumers limit either messages, or
// bytes and then 100 messages.
import type { JsMsg } from "nats";
import { nanos } from "nats";
import { toJsMsg } from "nats/lib/jetstream/jsmsg.js";
import type { Bus } from "../bus.ts";
import { isClustered } from "../elections.ts";

const mebibyte = 1024 * 1024;
/** The most bytes of one pull. It is small because several readers share a connection, and the pulls of all must fit at once. */
const bytesAtOnce = 4 * mebibyte;
/** A message larger than `bytesAtOnce` is pulled alone, with four times as much room at each try, up to this. */
const mostBytes = 64 * mebibyte;
/** The next pull is sent when only this part of the last one is unread, so that the reader need not wait. */
const refillBelow = 0.5;

/** How long to wait for an answer of JetStream. A stream that has just lost its leader gives none. */
export const answerWithinMs = 2_000;
/** Shorter in a cluster, because the server with the consumer may die while our connection to another one stays. Only missed heartbeats show that. */
const clusterPull = { expires: 5_000, idle_heartbeat: 1_000 };
const otherPull = { expires: 30_000, idle_heartbeat: 5_000 };
/** nats-server accepts no less than twice the idle heartbeat. */
const ordersExpireAfterMs = 10_000;

/** The times of the pulls of a reader that follows a stream. */
export function pullFor(bus: Bus): Pick<PullOptions, "expires" | "idle_heartbeat"> {
  return isClustered(bus.connection) ? clusterPull : otherPull;
}

/**
 * The times of the pulls of an agent's orders. They expire sooner, because nats-server may not notice for a while that a connection is
 * lost. Until the pull of that connection expires, nats-server sends orders there, and delivers them again only after `ack_wait`.
 */
export function orderPullFor(bus: Bus): Pick<PullOptions, "expires" | "idle_heartbeat"> {
  return { ...pullFor(bus), expires: Math.min(pullFor(bus).expires, ordersExpireAfterMs) };
}

export interface PullOptions {
  readonly stream: string;
  readonly consumer: string;
  /** The most messages of one pull. */
  readonly batch: number;
  /** How long nats-server keeps a pull, in milliseconds. */
  readonly expires: number;
  /** How often nats-server confirms the pull, in milliseconds. After twice this time without a word, the pull counts as lost. */
  readonly idle_heartbeat: number;
  /** Whether the iteration ends when a pull expires without a message. */
  readonly endsWhenIdle?: boolean;
}

/** The iteration throws an Error if the consumer or the pull is lost. */
export interface Pulled extends AsyncIterable<JsMsg> {
  /** Ends the iteration after the messages that have come already. */
  stop(): void;
}

export function pullMessages(bus: Bus, options: PullOptions): Pulled {
  const { stream, consumer, batch, expires, idle_heartbeat } = options;
  const { connection } = bus;
  const inbox = bus.createInbox();
  const queue: JsMsg[] = [];
  let queuedBytes = 0;
  let pulls = 0;
  /** The pull that nats-server is working on. */
  let open: { readonly reply: string; readonly batch: number; got: number } | undefined;
  let room = bytesAtOnce;
  let failure: Error | undefined;
  let isStopped = false;
  let heardAt = performance.now();
  let wake = Promise.withResolvers<void>();

  const fail = (error: Error) => {
    failure ??= error;
    wake.resolve();
  };
  const pull = () => {
    pulls += 1;
    open = { reply: `${inbox}.${pulls}`, batch: room > bytesAtOnce ? 1 : batch, got: 0 };
    const request = {
      batch: open.batch,
      max_bytes: room,
      expires: nanos(expires),
      idle_heartbeat: nanos(idle_heartbeat),
    };
    heardAt = performance.now();
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
      reply: open.reply,
    });
  };
  /** Handles what nats-server reports about the pull itself. */
  const takeStatus = (reply: string, code: number, description: string) => {
    if (code === idleHeartbeat || reply !== open?.reply) return;
    const { got } = open;
    open = undefined;
    const isTooSmall = code === conflict && /exceeds maxbytes/i.test(description);
    if (isTooSmall && got === 0) room *= 4;
    if (room > mostBytes) fail(new Error(`a message of ${stream} is larger than ${mostBytes} bytes`));
    else if (isTooSmall || code === expired || code === noMessages) {
      if (options.endsWhenIdle && !isTooSmall && got === 0) isStopped = true;
      wake.resolve();
    } else fail(new Error(`${code} ${description}`));
  };
  const subscription = connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error !== null) return fail(error);
      heardAt = performance.now();
      if (message.subject.startsWith(inbox)) {
        takeStatus(message.subject, message.headers?.code ?? 0, message.headers?.description ?? "");
        return;
      }
      queue.push(toJsMsg(message, answerWithinMs));
      queuedBytes += message.data.length;
      room = bytesAtOnce;
      if (open !== undefined) {
        open.got += 1;
        if (open.got === open.batch) open = undefined;
      }
      wake.resolve();
    },
  });
  const stop = () => {
    isStopped = true;
    subscription.unsubscribe();
    clearInterval(watch);
    wake.resolve();
  };
  const watch = watchSilence(
    () => open !== undefined && bus.isConnected() && performance.now() - heardAt > 2 * idle_heartbeat,
    idle_heartbeat / 2,
    () => fail(new Error(`nats-server is silent about the pull from ${consumer}`)),
  );
  void subscription.closed.then(stop);

  async function* read(): AsyncGenerator<JsMsg, void> {
    try {
      for (;;) {
        const isLow = queue.length <= batch * refillBelow && queuedBytes <= bytesAtOnce * refillBelow;
        if (isLow && open === undefined && !isStopped && failure === undefined) pull();
        const message = queue.shift();
        if (message !== undefined) {
          queuedBytes -= message.data.length;
          yield message;
        } else if (failure !== undefined) throw failure;
        else if (isStopped) return;
        else {
          await wake.promise;
          wake = Promise.withResolvers();
        }
      }
    } finally {
      stop();
    }
  }
  return { [Symbol.asyncIterator]: read, stop };
}

/** Calls `onSilent` when it finds silence twice in a row. Once is not enough: this process may have been suspended itself. */
function watchSilence(isSilent: () => boolean, everyMs: number, onSilent: () => void): NodeJS.Timeout {
  let wasSilent = false;
  return setInterval(() => {
    const isSilentNow = isSilent();
    if (isSilentNow && wasSilent) onSilent();
    wasSilent = isSilentNow;
  }, everyMs);
}

/** The status codes that nats-server sends about a pull (nats-server 2.15, `consumer.go`). */
const idleHeartbeat = 100;
const noMessages = 404;
const expired = 408;
const conflict = 409;
