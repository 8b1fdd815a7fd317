// The messages of the stream that answers a prompt. Its end is a message without bytes and without headers.
import type { ErrorCode } from "../text/errors.ts";
import { CliaiError, messageOf } from "../text/errors.ts";
import { beginningOf } from "../text/summary.ts";

export type Piece =
  | { readonly type: "status"; readonly data: string }
  | { readonly type: "response"; readonly data: string }
  | { readonly type: "query"; readonly data: QueryPiece };

export interface QueryPiece {
  readonly id: string;
  /** Where the caller publishes its answer. */
  readonly reply_subject: string;
  readonly prompt: string;
}

/** Says that the prompt was taken; repeated, that it is still worked on. */
export const ackPiece: Piece = { type: "status", data: "ack" };

/** An error in the headers `Nats-Service-Error-Code` and `Nats-Service-Error`. */
export interface ServiceError {
  readonly code: number;
  /** One line of at most 200 characters. */
  readonly text: string;
}

const codeOf: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  message_invalid: 400,
  payload_too_large: 400,
  agent_unknown: 404,
  refused: 409,
  too_many_tries: 429,
};

export function serviceError(code: number, text: string): ServiceError {
  return { code, text: beginningOf(text.replaceAll(/\s*[\r\n]+\s*/g, " | "), 199) };
}

/** What of an error the caller is told: an error that is written for people as it is, but no path; of another one only that there was one. */
export function serviceErrorOf(error: unknown): ServiceError {
  if (!(error instanceof CliaiError)) return serviceError(500, "the prompt could not be carried out");
  if (error.code === "data_dir_unwritable")
    return serviceError(500, "the attachments cannot be stored; see the log of cliai serve");
  return serviceError(codeOf[error.code] ?? 500, messageOf(error));
}
