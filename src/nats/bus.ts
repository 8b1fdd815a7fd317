// This room is the only one that imports the `nats` package. Everybody else takes a `Bus`.
//
// The Bus, through which the whole program uses NATS. It sends and receives JSON, throws errors with hints, and reconnects.
// connect-bus.ts makes it. Streams, consumers and buckets are in jetstream/.
import type { NatsConnection } from "nats";
import type { CliaiError } from "../domain/text/errors.ts";
import type { TraceContext } from "../domain/trace/trace-context.ts";
import type { Logger } from "../log.ts";

export interface BusOptions {
  /** The URL of one server, or of several in a cluster, separated by commas. */
  readonly url: string;
  /** The name of the connection, which nats-server's own tools show. */
  readonly name: string;
  /** The path of a `.creds` file. It is read again at each try to reconnect, so that new credentials work without a restart. */
  readonly credsPath?: string | undefined;
  /** The text of a `.creds` file, instead of a path. */
  readonly creds?: string | undefined;
  /**
   * The server's certificates (PEM), of which the first one is its own: no other is accepted. Or `unchecked`: any is, for a question whose answer
   * proves itself. Absent with credentials: then those that follow them count.
   */
  readonly trust?: { readonly certificates: string } | "unchecked" | undefined;
  /** The prefix of reply subjects, if the credentials allow only one. */
  readonly inboxPrefix?: string | undefined;
  /** Whether to wait for ever for the first connection (serve, bridge) or to give up after `connectTimeoutMs`. */
  readonly waitForServer?: boolean;
  readonly connectTimeoutMs?: number;
  /** How often to ask whether nats-server is there. The connection counts as lost at the third time without an answer. Default 20,000. */
  readonly pingIntervalMs?: number;
  /** How long to wait before the first try to reconnect. Default 1000. */
  readonly firstReconnectMs?: number;
  readonly log: Logger;
}

export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** The sender's place in a trace, if it names one. */
  readonly trace?: TraceContext;
  /** Whether the sender waits for a reply. */
  readonly wantsReply: boolean;
  reply(body: unknown): void;
}

export interface StoredAs {
  readonly seq: number;
  /** Whether the stream already had a message with this id, and so did not store this one. */
  readonly duplicate: boolean;
}

/** A connection to NATS. It reconnects until `close` is called. */
export interface Bus {
  /** Only for the files in src/nats. */
  readonly connection: NatsConnection;
  readonly serverVersion: string;
  /** The id of the nats-server to which it is connected, or was last; a nats-server has another one after a restart. */
  readonly serverId: string;
  /** Returns a new subject for answers, which only this connection may subscribe to. */
  createInbox(): string;
  isConnected(): boolean;
  /** Why nats-server refuses to let this connection back; undefined if it is connected, or lost for another reason. */
  refusal(): CliaiError | undefined;
  /** Calls `listener` at each loss and each return of the connection. Returns the function that ends that. */
  onConnection(listener: (connected: boolean) => void): () => void;
  /**
   * Publishes at most once, without an acknowledgement.
   * @throws CliaiError `payload_too_large`
   */
  publish(subject: string, body: unknown): void;
  /**
   * Publishes into a stream and waits until the message is stored. While the connection is lost, it waits for it; while a cluster
   * elects a leader, it waits and tries again.
   * @param options.id the stream stores only one message with this id (`Nats-Msg-Id`)
   * @param options.lastSeq the stream refuses the message unless this is the sequence of the last message on the subject, 0 for
   * none (`Nats-Expected-Last-Subject-Sequence`)
   * @param options.trace the message's place in a trace (`traceparent`)
   */
  publishStored(
    subject: string,
    body: unknown,
    options?: { id?: string; lastSeq?: number; timeoutMs?: number; trace?: TraceContext | undefined },
  ): Promise<StoredAs>;
  /**
   * Sends the request, once the connection is back if it is lost.
   * @throws CliaiError `no_answer`, `server_unreachable`, `payload_too_large`; `nats_unreachable` if the connection is not back in
   * time; `interrupted` if the signal aborts
   */
  request(
    subject: string,
    body: unknown,
    options: { timeoutMs: number; signal?: AbortSignal; trace?: TraceContext | undefined },
  ): Promise<Uint8Array>;
  /** Returns the function that ends the subscription. The subscribers of one `queue` share the messages. */
  subscribe(
    subject: string,
    onMessage: (message: BusMessage) => void,
    options?: { queue?: string },
  ): () => void;
  /** Waits until nats-server has received all that was published. */
  flush(): Promise<void>;
  /** Sends what is pending, for `graceMs` at most (default 5 s), then closes. Never throws. */
  close(options?: { graceMs?: number }): Promise<void>;
  /** Resolves when the connection has ended for good: with the reason, unless `close` ended it. */
  readonly closed: Promise<Error | undefined>;
}
