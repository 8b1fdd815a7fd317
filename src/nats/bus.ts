// This room is the only one that imports the `nats` package. Everybody else takes a `Bus`.
//
// The Bus, through which the whole program uses NATS: JSON in and out, errors for a person, reconnection. Streams,
// consumers and buckets are in jetstream/.

import { connect, createInbox, DebugEvents, Events, type Msg, type NatsConnection } from "nats";
import { CliaiError } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { atMost } from "../waiting.ts";
import { credentialsAuthenticator, readCredentials } from "./accounts/credentials-file.ts";
import { explainDistrust, trustOptions } from "./accounts/trust.ts";
import { overElections } from "./elections.ts";
import { refusalOf, translateNatsError } from "./errors.ts";

/** Largest payload on the whole path (contract §3). */
export const maxPayloadBytes = 8 * 1024 * 1024;
const firstReconnectMs = 1_000;
const slowestReconnectMs = 15_000;

export interface BusOptions {
  /** One server or several of a cluster, separated by commas. */
  readonly url: string;
  /** Shown by nats-server's own tools for this connection. */
  readonly name: string;
  /** A `.creds` file: read again at each try, so that new credentials in it count without a new start. */
  readonly credsPath?: string | undefined;
  /** The text of one, in the place of a file. */
  readonly creds?: string | undefined;
  /** The prefix of reply subjects, where the credentials allow but one. */
  readonly inboxPrefix?: string | undefined;
  /** Whether to wait for ever for the first connection (serve, bridge) or to give up after `connectTimeoutMs`. */
  readonly waitForServer?: boolean;
  readonly connectTimeoutMs?: number;
  /** The wait before the first new attempt after a loss. Default 1000. */
  readonly firstReconnectMs?: number;
  readonly log: Logger;
}

export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Whether the sender waits for a reply. */
  readonly wantsReply: boolean;
  reply(body: unknown): void;
}

export interface StoredAs {
  readonly seq: number;
  /** Whether the stream had a message with this id already, and so kept the first alone. */
  readonly duplicate: boolean;
}

/** A connection to NATS that reconnects for ever; `close` ends it. */
export interface Bus {
  /** For the files of src/nats alone. */
  readonly connection: NatsConnection;
  readonly serverVersion: string;
  /** A subject for answers that this connection may subscribe to, and no other. */
  createInbox(): string;
  isConnected(): boolean;
  /** Why nats-server refuses this connection since it was lost; undefined while it is connected, and where it is lost for another reason. */
  refusal(): CliaiError | undefined;
  /** Calls back at each loss and each return of the connection; returns the way to stop that. */
  onConnection(listener: (connected: boolean) => void): () => void;
  /** Publishes at most once, without an acknowledgement. @throws CliaiError `payload_too_large` */
  publish(subject: string, body: unknown): void;
  /**
   * Publishes into a stream and waits until it is stored. `id` dedupes (`Nats-Msg-Id`); `lastSeq` has the stream refuse it
   * unless that is the sequence of the last message on this subject, 0 for none (`Nats-Expected-Last-Subject-Sequence`).
   * An election in a cluster is waited out.
   */
  publishStored(
    subject: string,
    body: unknown,
    options?: { id?: string; lastSeq?: number; timeoutMs?: number },
  ): Promise<StoredAs>;
  /** @throws CliaiError `no_answer`, `server_unreachable`, `payload_too_large`; `interrupted` when the signal aborts */
  request(
    subject: string,
    body: unknown,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Uint8Array>;
  /** Members of one queue group share the messages. Returns the way to end the subscription. */
  subscribe(
    subject: string,
    onMessage: (message: BusMessage) => void,
    options?: { queue?: string },
  ): () => void;
  /** Waits until the server has taken all that was published. */
  flush(): Promise<void>;
  /** Sends what is pending, then closes; after `graceMs` (5 s when left out) it closes without. Never throws. */
  close(options?: { graceMs?: number }): Promise<void>;
  /** Resolves when the connection has ended for good; with the reason where nobody asked for it. */
  readonly closed: Promise<Error | undefined>;
}

/** @throws CliaiError `nats_unreachable` (never with `waitForServer`), `refused` for bad credentials */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const backoff = createBackoff(options.firstReconnectMs ?? firstReconnectMs);
  const { credsPath } = options;
  const creds = options.creds ?? (credsPath && (await readCredentials(credsPath)));
  const tls = trustOptions(options.url, creds);
  const connection = await connect({
    servers: options.url.split(",").map((url) => url.trim()),
    name: options.name,
    timeout: options.connectTimeoutMs ?? 3_000,
    waitOnFirstConnect: options.waitForServer ?? false,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: backoff.next,
    pingInterval: 20_000,
    maxPingOut: 2,
    ignoreClusterUpdates: false,
    // Left out, nats 2.29 closes the connection for good when it is refused twice, though new credentials may come.
    ignoreAuthErrorAbort: true,
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...(creds === undefined
      ? {}
      : {
          authenticator: credentialsAuthenticator(creds, options.creds === undefined ? credsPath : undefined),
        }),
    ...(tls === undefined ? {} : { tls }),
  }).catch((error: unknown) => {
    const failure = translateNatsError(explainDistrust(error, options.url), `connect to ${options.url}`);
    // Something listens there and sends nothing: for us, nobody is there.
    if (failure.code !== "no_answer") throw failure;
    throw new CliaiError("nats_unreachable", `NATS cannot be reached: nothing answers at ${options.url}`, {
      hint: "start the server: cliai serve",
      cause: error,
    });
  });
  backoff.reset();
  return createBus(connection, options, backoff.reset);
}

function createBus(connection: NatsConnection, { inboxPrefix, log }: BusOptions, onBack: () => void): Bus {
  const listeners = new Set<(connected: boolean) => void>();
  let connected = true;
  let refusal: CliaiError | undefined;
  void watchStatus(connection, log, {
    onConnection: (now, server) => {
      // nats 2.29 tells of a loss at each try that fails, and of the return once for each of them.
      if (now === connected) return;
      connected = now;
      refusal = undefined;
      if (now) onBack();
      if (now) log.info(`NATS connection is back: ${server}`);
      else log.warn(`NATS connection lost: ${server}`);
      for (const listener of listeners) listener(now);
    },
    onRefusal: (error) => {
      if (refusal === undefined) log.warn(`${error.message}; ${error.hint}`);
      refusal = error;
    },
  });
  const jetstream = connection.jetstream();

  return {
    connection,
    get serverVersion() {
      return connection.info?.version ?? "unknown";
    },
    createInbox: () => createInbox(inboxPrefix),
    isConnected: () => connected && !connection.isClosed(),
    refusal: () => (connected ? undefined : refusal),
    onConnection(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish(subject, body) {
      const data = encode(subject, body);
      try {
        connection.publish(subject, data);
      } catch (error) {
        throw translateNatsError(error, `publish to ${subject}`);
      }
    },
    async publishStored(subject, body, { id, lastSeq, timeoutMs = 5_000 } = {}) {
      const data = encode(subject, body);
      try {
        const options = {
          timeout: timeoutMs,
          ...(id === undefined ? {} : { msgID: id }),
          ...(lastSeq === undefined ? {} : { expect: { lastSubjectSequence: lastSeq } }),
        };
        const publish = () => jetstream.publish(subject, data, options);
        const ack = await overElections(connection, publish, { isRepeatable: false });
        return { seq: ack.seq, duplicate: ack.duplicate };
      } catch (error) {
        throw translateNatsError(error, `store on ${subject}`);
      }
    },
    async request(subject, body, { timeoutMs, signal }) {
      const data = encode(subject, body);
      try {
        const answer = connection.request(subject, data, { timeout: timeoutMs });
        return (await abortable(answer, signal)).data;
      } catch (error) {
        throw translateNatsError(error, `request on ${subject}`);
      }
    },
    subscribe(subject, onMessage, { queue } = {}) {
      const subscription = connection.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error) log.warn(`subscription ${subject}: ${error.message}`);
          else onMessage(wrapMessage(message));
        },
      });
      return () => subscription.unsubscribe();
    },
    async flush() {
      await connection.flush();
    },
    async close({ graceMs = 5_000 } = {}) {
      if (connection.isClosed()) return;
      // A drain waits for the server, so it is left out without one.
      if (connected)
        await atMost(
          graceMs,
          connection.drain().catch(() => undefined), // closed below in any case
        );
      await connection.close();
    },
    closed: connection.closed().then((reason) => reason ?? undefined),
  };
}

interface StatusWatch {
  onConnection(connected: boolean, server: string): void;
  onRefusal(error: CliaiError): void;
}

async function watchStatus(connection: NatsConnection, log: Logger, watch: StatusWatch): Promise<void> {
  for await (const { type, data } of connection.status()) {
    const refusal = type === Events.Error ? refusalOf(data, "connect again") : undefined;
    if (type === Events.Disconnect || type === Events.Reconnect) {
      watch.onConnection(type === Events.Reconnect, String(data));
    } else if (refusal !== undefined) {
      watch.onRefusal(refusal);
    } else if (type === Events.Error) {
      log.warn(`NATS: ${data}`);
    } else if (type !== DebugEvents.PingTimer) {
      log.debug(`NATS: ${type} ${JSON.stringify(data)}`);
    }
  }
}

/**
 * An asker may name any subject as its own for the reply, and have us speak there with our rights: only inboxes are answered,
 * and what nats-server itself names for an asker of another account (`_R_.`, which no client may name).
 */
function wrapMessage(message: Msg): BusMessage {
  return {
    subject: message.subject,
    data: message.data,
    wantsReply: /^(_INBOX|_R_)\./.test(message.reply ?? ""),
    reply: (body) => {
      message.respond(encode(message.reply ?? "", body));
    },
  };
}

const utf8 = new TextEncoder();

function encode(subject: string, body: unknown): Uint8Array {
  const data = utf8.encode(JSON.stringify(body));
  if (data.length <= maxPayloadBytes) return data;
  throw new CliaiError(
    "payload_too_large",
    `${data.length.toLocaleString("en")} bytes for ${subject} are over the limit of 8 MB`,
    { hint: "write the text to a file that the agent can read, and send its path" },
  );
}

/**
 * Waits of 1 s or what else is the first, then twice as long each time up to 15 s, with up to a fifth taken off so that a fleet does not return
 * at once. By the time since the loss, not by attempts: nats 2.29 asks again during each wait.
 */
function createBackoff(firstMs: number): { next: () => number; reset: () => void } {
  const jitter = 1 - Math.random() / 5;
  let lostAt: number | undefined;
  return {
    next: () => {
      lostAt ??= performance.now();
      const elapsed = performance.now() - lostAt;
      return jitter * Math.min(slowestReconnectMs, Math.max(firstMs, elapsed / 2));
    },
    reset: () => {
      lostAt = undefined;
    },
  };
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(new CliaiError("interrupted", "the call was cancelled"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    // The promise that loses the race must not become an unhandled rejection.
    promise.catch(() => undefined);
    aborted.promise.catch(() => undefined);
  }
}
