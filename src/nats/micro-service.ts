// Runs micro services: NATS' own way to be found (`$SRV.PING`, `$SRV.INFO`, `$SRV.STATS`), with endpoints that answer a request with
// several messages.
import { Empty, headers, type ServiceMsg } from "nats";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "./bus.ts";
import { translateNatsError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import { encode } from "./payload.ts";
import { isReplyInbox } from "./reply-inbox.ts";

export interface MicroService {
  readonly id: string;
  /** Whether it has ended by itself, such as by a subscription that was refused. */
  hasEnded(): boolean;
  stop(): Promise<void>;
}

export interface MicroServiceOptions {
  readonly name: string;
  /** Of the program that runs it. What is no semantic version is given as 0.0.0. */
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly queue: string;
  readonly endpoints: readonly MicroEndpoint[];
  readonly log: Logger;
}

export interface MicroEndpoint {
  readonly name: string;
  readonly subject: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly onRequest: (request: MicroRequest) => void;
}

export interface MicroRequest {
  readonly data: Uint8Array;
  /** Sends one of the answers, as JSON. @throws CliaiError `payload_too_large` */
  send(body: unknown): void;
  /** Sends an error: a message with two headers and without a body. */
  fail(code: number, text: string): void;
  /** Sends a message without bytes and without headers. */
  end(): void;
}

/** @throws CliaiError if the connection is closed */
export async function startMicroService(
  { connection }: Pick<Bus, "connection">,
  { name, version, description, metadata, queue, endpoints, log }: MicroServiceOptions,
): Promise<MicroService> {
  const semantic = /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? "0.0.0";
  try {
    const about = { name, version: semantic, description, metadata: { ...metadata }, queue };
    const service = await connection.services.add(about);
    for (const { name: endpoint, subject, metadata: facts, onRequest } of endpoints) {
      service.addEndpoint(endpoint, {
        subject,
        queue,
        ...(facts === undefined ? {} : { metadata: { ...facts } }),
        handler: (error, message) => {
          if (error !== null) log.warn(`${subject}: ${messageOf(error)}`);
          else if (isReplyInbox(message.reply))
            guarded(log, `a request on ${subject}`, () => onRequest(requestOf(message)));
        },
      });
    }
    return {
      id: service.info().id,
      hasEnded: () => service.isStopped,
      stop: async () => {
        await service.stop();
      },
    };
  } catch (error) {
    throw translateNatsError(error, `the micro service ${name}`);
  }
}

function requestOf(message: ServiceMsg): MicroRequest {
  return {
    data: message.data,
    send: (body) => void message.respond(encode(message.reply ?? "", body)),
    fail(code, text) {
      const about = headers();
      about.set("Nats-Service-Error-Code", String(code));
      about.set("Nats-Service-Error", text);
      message.respond(Empty, { headers: about });
    },
    end: () => void message.respond(Empty),
  };
}
