// Connects a Bus to NATS with the `nats` package.
import { connect, createInbox, headers, type Msg, type MsgHdrs, type NatsConnection } from "nats";
import { definedOf } from "../domain/defined.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { type TraceContext, traceHeader, traceparentOf } from "../domain/trace/trace-context.ts";
import type { Logger } from "../log.ts";
import { atMost } from "../waiting.ts";
import { credentialsAuthenticator, readCredentials } from "./accounts/credentials-file.ts";
import { acceptAny, explainDistrust, onlyFirst, trustOptions } from "./accounts/trust.ts";
import type { Bus, BusMessage, BusOptions } from "./bus.ts";
import { overElections } from "./elections.ts";
import { translateNatsError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import { encode } from "./payload.ts";
import { cancelled, createBackoff, firstReconnectMs, untilBack, watchStatus } from "./reconnection.ts";
import { isReplyInbox } from "./reply-inbox.ts";
import { traceOf } from "./trace-of.ts";

/** @throws CliaiError `nats_unreachable` (never with `waitForServer`); `refused` if NATS does not accept the credentials */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const backoff = createBackoff(options.firstReconnectMs ?? firstReconnectMs);
  const { credsPath } = options;
  const creds = options.creds ?? (credsPath && (await readCredentials(credsPath)));
  const tls = tlsOf(options, creds);
  const connection = await connect({
    servers: options.url.split(",").map((url) => url.trim()),
    name: options.name,
    timeout: options.connectTimeoutMs ?? 3_000,
    waitOnFirstConnect: options.waitForServer ?? false,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: backoff.next,
    pingInterval: options.pingIntervalMs ?? 20_000,
    maxPingOut: 2,
    ignoreClusterUpdates: false,
    // Otherwise nats 2.29 closes the connection for good when it is refused twice, although new credentials may come.
    ignoreAuthErrorAbort: true,
    ...definedOf({ inboxPrefix: options.inboxPrefix }),
    ...(creds === undefined
      ? {}
      : {
          authenticator: credentialsAuthenticator(creds, options.creds === undefined ? credsPath : undefined),
        }),
    ...definedOf({ tls }),
  }).catch((error: unknown) => {
    const failure = translateNatsError(explainDistrust(error, options.url), `connect to ${options.url}`);
    // `no_answer`: something listens there but sends nothing, so it is not a NATS server.
    if (failure.code !== "no_answer") throw failure;
    throw new CliaiError("nats_unreachable", `NATS cannot be reached: nothing answers at ${options.url}`, {
      hint: "start the server: cliai serve",
      cause: error,
    });
  });
  backoff.reset();
  return createBus(connection, options, backoff.reset);
}

function tlsOf({ url, trust }: BusOptions, creds: string | undefined): ReturnType<typeof trustOptions> {
  if (trust === undefined) return trustOptions(url, creds);
  if (trust === "unchecked") {
    const own = trustOptions(url, creds);
    return own === undefined ? undefined : { ...own, ...acceptAny };
  }
  const own = trustOptions(url, trust.certificates);
  return own === undefined ? undefined : onlyFirst(own, trust.certificates);
}

interface ConnectionState extends Pick<Bus, "isConnected" | "refusal" | "onConnection" | "closed"> {
  /** Whether the connection is lost and may come back. */
  isLost(): boolean;
}

function followState(connection: NatsConnection, log: Logger, onBack: () => void): ConnectionState {
  const listeners = new Set<(connected: boolean) => void>();
  let connected = true;
  let refusal: CliaiError | undefined;
  void watchStatus(connection, log, {
    onConnection: (now, server) => {
      // nats 2.29 reports a loss for each failed try, and later a return for each of them. Only the first of each counts.
      if (now === connected) return;
      connected = now;
      refusal = undefined;
      if (now) onBack();
      if (now) log.info(`NATS connection is back: ${server}`);
      else log.warn(`NATS connection lost: ${server}`);
      const news = `the news that NATS is ${now ? "back" : "lost"}`;
      for (const listener of listeners) guarded(log, news, () => listener(now));
    },
    onRefusal: (error) => {
      if (refusal === undefined) log.warn(`${error.message}; ${error.hint}`);
      refusal = error;
    },
  });
  // A connection that is being closed soon takes no message any more.
  const isEnding = () => connection.isDraining() || connection.isClosed();
  return {
    isConnected: () => connected && !isEnding(),
    isLost: () => !connected && !isEnding(),
    refusal: () => (connected ? undefined : refusal),
    onConnection(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    closed: connection.closed().then((reason) => reason ?? undefined),
  };
}

function createBus(connection: NatsConnection, { inboxPrefix, log }: BusOptions, onBack: () => void): Bus {
  const state = followState(connection, log, onBack);
  const { isConnected, refusal, onConnection, closed } = state;
  const jetstream = connection.jetstream();

  return {
    connection,
    get serverVersion() {
      return connection.info?.version ?? "unknown";
    },
    get serverId() {
      return connection.info?.server_id ?? "unknown";
    },
    createInbox: () => createInbox(inboxPrefix),
    ...{ isConnected, refusal, onConnection, closed },
    publish(subject, body) {
      const data = encode(subject, body);
      try {
        connection.publish(subject, data);
      } catch (error) {
        throw translateNatsError(error, `publish to ${subject}`);
      }
    },
    async publishStored(subject, body, { id, lastSeq, timeoutMs = 5_000, trace } = {}) {
      const data = encode(subject, body);
      try {
        const options = {
          timeout: state.isLost() ? await untilBack(state, timeoutMs) : timeoutMs,
          ...definedOf({ msgID: id, headers: traceHeaders(trace) }),
          ...(lastSeq === undefined ? {} : { expect: { lastSubjectSequence: lastSeq } }),
        };
        const publish = () => jetstream.publish(subject, data, options);
        const ack = await overElections(connection, publish, { isRepeatable: false });
        return { seq: ack.seq, duplicate: ack.duplicate };
      } catch (error) {
        throw translateNatsError(error, `store on ${subject}`);
      }
    },
    async request(subject, body, { timeoutMs, signal, trace }) {
      const data = encode(subject, body);
      try {
        const timeout = state.isLost() ? await untilBack(state, timeoutMs, signal) : timeoutMs;
        const answer = connection.request(subject, data, {
          timeout,
          ...definedOf({ headers: traceHeaders(trace) }),
        });
        return (await abortable(answer, signal)).data;
      } catch (error) {
        throw translateNatsError(error, `request on ${subject}`);
      }
    },
    subscribe(subject, onMessage, { queue } = {}) {
      const subscription = connection.subscribe(subject, {
        ...definedOf({ queue }),
        callback: (error, message) => {
          if (error) log.warn(`subscription ${subject}: ${error.message}`);
          else guarded(log, `a message on ${message.subject}`, () => onMessage(wrapMessage(message)));
        },
      });
      return () => subscription.unsubscribe();
    },
    async flush() {
      await connection.flush();
    },
    async close({ graceMs = 5_000 } = {}) {
      if (connection.isClosed()) return;
      // A drain waits for nats-server, so drain only while connected.
      if (isConnected())
        await atMost(
          graceMs,
          connection.drain().catch(() => undefined), // the connection is closed below in any case
        );
      await connection.close();
    },
  };
}

function traceHeaders(trace: TraceContext | undefined): MsgHdrs | undefined {
  if (trace === undefined) return undefined;
  const made = headers();
  made.set(traceHeader, traceparentOf(trace));
  return made;
}

function wrapMessage(message: Msg): BusMessage {
  return {
    subject: message.subject,
    data: message.data,
    ...traceOf(message),
    wantsReply: isReplyInbox(message.reply),
    reply: (body) => {
      message.respond(encode(message.reply ?? "", body));
    },
  };
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(cancelled());
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    // The promise that loses the race must not end as an unhandled rejection.
    promise.catch(() => undefined);
    aborted.promise.catch(() => undefined);
  }
}
