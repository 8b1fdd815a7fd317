// This room is the only one that imports the `nats` package. Everybody else takes a `Bus`.
//
// The Bus, through which the whole program uses NATS: JSON in and out, errors for a person, reconnection.
// connect-bus.ts makes it. Streams, consumers and buckets are in jetstream/.
import type { NatsConnection } from "nats";
import type { CliaiError } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";

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
