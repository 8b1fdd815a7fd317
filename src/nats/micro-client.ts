// The client's side of micro services: finds them, and sends a request that is answered with several messages.
import { Empty, type Msg } from "nats";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { atMost } from "../waiting.ts";
import type { Bus } from "./bus.ts";
import { translateNatsError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import { encode } from "./payload.ts";

/** What comes in answer to a request. `end`: a message without bytes and without headers. `nobody`: no one listens on the subject. */
export type Told =
  | { readonly kind: "piece"; readonly data: Uint8Array }
  | { readonly kind: "error"; readonly code: string; readonly text: string }
  | { readonly kind: "end" }
  | { readonly kind: "nobody" };

/**
 * Sends a request as JSON, and calls `onTold` with each answer. Returns the function that ends that.
 * @throws CliaiError `payload_too_large`; `nats_unreachable` if the connection is closed
 */
export function openExchange(
  bus: Pick<Bus, "connection" | "createInbox">,
  subject: string,
  body: unknown,
  onTold: (told: Told) => void,
  log: Logger,
): () => void {
  return exchange(bus, subject, encode(subject, body), (message) => onTold(toldBy(message)), log);
}

export interface AskServicesOptions {
  /** How long nobody may answer until the answers are complete. */
  readonly quietMs: number;
  readonly withinMs: number;
  /** How many answers are taken; the others are left out. */
  readonly most: number;
  /** A longer answer is left out. */
  readonly mostBytes: number;
  readonly log: Logger;
}

/** The answers of all services to a request without a body, such as `$SRV.INFO.agents`; none if there is no service. */
export async function askServices(
  bus: Pick<Bus, "connection" | "createInbox">,
  subject: string,
  { quietMs, withinMs, most, mostBytes, log }: AskServicesOptions,
): Promise<Uint8Array[]> {
  const answers: Uint8Array[] = [];
  const complete = Promise.withResolvers<void>();
  let quiet: ReturnType<typeof setTimeout> | undefined;
  const end = exchange(
    bus,
    subject,
    Empty,
    (message) => {
      const told = toldBy(message);
      if (told.kind === "piece" && told.data.length > mostBytes) {
        log.debug(`an answer to ${subject} is left out: it has ${told.data.length} bytes`);
      } else if (told.kind === "piece" && answers.length < most) answers.push(told.data);
      if (told.kind === "nobody" || answers.length >= most) return complete.resolve();
      clearTimeout(quiet);
      quiet = setTimeout(complete.resolve, quietMs);
    },
    log,
  );
  try {
    await atMost(withinMs, complete.promise);
    return answers;
  } finally {
    clearTimeout(quiet);
    end();
  }
}

/**
 * Publishes a text as it is, and not as JSON. Resolves with false if nobody listens on the subject. That somebody does is no proof that the text
 * is read. @throws CliaiError `nats_unreachable` if the connection is closed
 */
export async function tellText(
  bus: Pick<Bus, "connection" | "createInbox" | "flush">,
  subject: string,
  text: string,
  log: Logger,
): Promise<boolean> {
  let isHeard = true;
  const onMessage = (message: Msg) => {
    if (toldBy(message).kind === "nobody") isHeard = false;
  };
  const end = exchange(bus, subject, new TextEncoder().encode(text), onMessage, log);
  try {
    // nats-server says that nobody listens before it answers this.
    await bus.flush();
    return isHeard;
  } finally {
    end();
  }
}

function exchange(
  { connection, createInbox }: Pick<Bus, "connection" | "createInbox">,
  subject: string,
  data: Uint8Array,
  onMessage: (message: Msg) => void,
  log: Logger,
): () => void {
  const reply = createInbox();
  try {
    const subscription = connection.subscribe(reply, {
      callback: (error, message) => {
        if (error !== null) log.warn(`the answers to ${subject}: ${messageOf(error)}`);
        else guarded(log, `an answer to ${subject}`, () => onMessage(message));
      },
    });
    connection.publish(subject, data, { reply });
    return () => subscription.unsubscribe();
  } catch (error) {
    throw translateNatsError(error, `ask ${subject}`);
  }
}

const noResponders = 503;

function toldBy({ data, headers }: Msg): Told {
  if (data.length === 0 && headers?.code === noResponders) return { kind: "nobody" };
  const code = headers?.get("Nats-Service-Error-Code") ?? "";
  if (code !== "") return { kind: "error", code, text: headers?.get("Nats-Service-Error") ?? "" };
  return data.length === 0 ? { kind: "end" } : { kind: "piece", data };
}
