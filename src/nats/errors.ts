// Translates the errors of the package `nats` into errors for a person. Only this file knows their codes. nats 2.29 gives messages
// that are only a code, such as `503` or `TIMEOUT`: they are compared exactly, and never shown.
import { ErrorCode as NatsCode, NatsError } from "nats";
import { CliaiError } from "../domain/text/errors.ts";

/** The error codes of the JetStream API (nats-server's `errors.json`) that are handled differently from others. */
const jetStreamCode = {
  noPeers: 10005,
  clusterNotAvailable: 10008,
  clusterNotLeader: 10009,
  insufficientResources: 10023,
  storageExceeded: 10047,
  sizeRequired: 10113,
  streamTooLarge: 10122,
  replicasNotSupported: 10074,
  storeFailed: 10077,
  wrongLastSequence: 10071,
  sequenceNotFound: 10043,
  deleteFailed: 10057,
  consumerExists: 10148,
} as const;

const storeCodes: ReadonlySet<number | undefined> = new Set([
  jetStreamCode.insufficientResources,
  jetStreamCode.storageExceeded,
  jetStreamCode.storeFailed,
]);

/** Whether that error code of the JetStream API says that the store cannot take it, such as a full one. */
export function isStoreCode(code: number | undefined): boolean {
  return storeCodes.has(code);
}

/** What an account's limits have to do with a stream that cannot be made as it is wanted. */
export type AccountLimit = "too_large" | "size_required";

/** Why nats-server refuses to make or change a stream, if it is for the limits of the account or of the server's store. */
export function accountLimitOf(error: unknown): AccountLimit | undefined {
  const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
  if (code === jetStreamCode.sizeRequired) return "size_required";
  const { storageExceeded, insufficientResources, streamTooLarge } = jetStreamCode;
  const isTooLarge = code === storageExceeded || code === insufficientResources || code === streamTooLarge;
  return isTooLarge ? "too_large" : undefined;
}

/**
 * @param doing what was tried, for the message, such as `publish to agent.ada.command`
 * @returns the same error if it is a CliaiError already
 */
export function translateNatsError(error: unknown, doing: string): CliaiError {
  if (error instanceof CliaiError) return error;
  if (!(error instanceof NatsError)) {
    const why = error instanceof Error ? error.message : String(error);
    return new CliaiError("failed", `cannot ${doing}: ${why}`, { cause: error });
  }
  return translateApiError(error, doing) ?? translateClientError(error, doing);
}

/** Translates an error of the JetStream API. Its codes, such as 503, have another meaning in other errors. */
function translateApiError(error: NatsError, doing: string): CliaiError | undefined {
  const api = error.api_error;
  if (api === undefined) return undefined;
  // nats-server 2.15 gives a full queue the same code as a failed store, so compare the description.
  if (api.description === "maximum messages per subject exceeded") {
    return new CliaiError("refused", `the agent's queue is full: ${doing}`, {
      hint: "see how many orders wait for each agent: cliai ls",
      cause: error,
    });
  }
  if (api.err_code === jetStreamCode.replicasNotSupported) {
    return new CliaiError("config_invalid", `a single nats-server keeps no copies: ${doing}`, {
      hint: "name the servers of a cluster with --nats-url, or leave --replicas out",
      cause: error,
    });
  }
  if (api.err_code === jetStreamCode.noPeers) {
    return new CliaiError(
      "config_invalid",
      `the cluster has too few nats-servers for --replicas: ${doing} (${api.description})`,
      { hint: "give --replicas no more than there are nats-servers with JetStream", cause: error },
    );
  }
  if (isStoreCode(api.err_code)) {
    return new CliaiError("store_unavailable", `nats-server cannot store it: ${doing} (${api.description})`, {
      hint: "free space on the disk of the data directory, or keep less: cliai serve --audit-max-bytes 256MB --transcript-max-bytes 64MB",
      cause: error,
    });
  }
  return new CliaiError("failed", `cannot ${doing}: ${api.description}`, { cause: error });
}

function translateClientError(error: NatsError, doing: string): CliaiError {
  switch (error.code) {
    case NatsCode.Timeout:
      return new CliaiError("no_answer", `no answer in time: ${doing}`, {
        hint: "see whether the server runs and what it says: cliai ls",
        cause: error,
      });
    case NatsCode.NoResponders:
      return new CliaiError("server_unreachable", `nobody answers: ${doing}`, {
        hint: "start the server: cliai serve",
        cause: error,
      });
    case NatsCode.ConnectionRefused:
    case NatsCode.ConnectionTimeout:
    case NatsCode.ConnectionClosed:
    case NatsCode.ConnectionDraining:
    case NatsCode.Disconnect:
      return new CliaiError("nats_unreachable", `NATS cannot be reached: ${doing}`, {
        hint: "start the server: cliai serve",
        cause: error,
      });
    case NatsCode.AuthorizationViolation:
    case NatsCode.AuthenticationExpired:
    case NatsCode.AccountExpired:
    case NatsCode.BadAuthentication:
    case NatsCode.BadCreds:
    case NatsCode.PermissionsViolation:
      return new CliaiError("refused", `NATS refuses: ${doing}`, {
        hint: "use the credentials that `cliai spawn` made for this agent (--creds)",
        cause: error,
      });
    case NatsCode.MaxPayloadExceeded:
      return new CliaiError("payload_too_large", `too large for NATS: ${doing}`, { cause: error });
  }
  return new CliaiError("failed", `cannot ${doing}: ${error.message}`, { cause: error });
}

const refusedConnection: ReadonlySet<unknown> = new Set([
  NatsCode.AuthorizationViolation,
  NatsCode.AuthenticationExpired,
  NatsCode.AccountExpired,
  NatsCode.BadAuthentication,
]);

/**
 * The error for a connection whose credentials are refused; undefined for any other code.
 * @param code the code that nats reports with a status of type `error`
 */
export function refusalOf(code: unknown, doing: string): CliaiError | undefined {
  if (!refusedConnection.has(code)) return undefined;
  return translateNatsError(NatsError.errorForCode(code as NatsCode), doing);
}

/** Whether nats-server takes no client with such credentials, or with none. Other refusals have other causes, such as a certificate. */
export function isUnauthorized(error: unknown): boolean {
  return (
    error instanceof CliaiError && error.cause instanceof NatsError && refusedConnection.has(error.cause.code)
  );
}

/** Whether a compare-and-set failed, because the last sequence of the key or subject is another one. */
export function isWrongSequence(error: unknown): boolean {
  return error instanceof NatsError && error.api_error?.err_code === jetStreamCode.wrongLastSequence;
}

/** Whether `publishStored()` has refused a message because the subject's last sequence is not `lastSeq`. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof CliaiError && isWrongSequence(error.cause);
}

/** Whether nobody received the request, or a cluster was electing a leader. Repeating it does no harm, and will soon succeed. */
export function isElecting(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  const code = error.api_error?.err_code;
  if (code === undefined) return error.code === NatsCode.NoResponders;
  return code === jetStreamCode.clusterNotAvailable || code === jetStreamCode.clusterNotLeader;
}

/** Whether a cluster knows too few servers for the copies. This can pass while the cluster starts. */
export function isShortOfPeers(error: unknown): boolean {
  return error instanceof NatsError && error.api_error?.err_code === jetStreamCode.noPeers;
}

/** Whether no answer came in time. The request may have been carried out all the same. */
export function isTimeout(error: unknown): boolean {
  return error instanceof NatsError && error.code === NatsCode.Timeout;
}

/** Whether JetStream answers that what was asked for does not exist (404). */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  return error.api_error?.code === 404 || error.code === "404";
}

/** Whether a consumer cannot be made because a consumer of this name has other settings. */
export function isOtherwiseThere(error: unknown): boolean {
  return error instanceof NatsError && error.api_error?.err_code === jetStreamCode.consumerExists;
}

/**
 * Whether a message cannot be removed because it no longer exists. nats-server 2.15 has three answers for that: for a sequence
 * within the stream, before its first message, and beyond its end. The last two have the same code as any failed removal.
 */
export function isGone(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  const { err_code, description } = error.api_error ?? {};
  if (err_code === jetStreamCode.sequenceNotFound) return true;
  const isMissing = description === "no message found" || description === "stream store EOF";
  return err_code === jetStreamCode.deleteFailed && isMissing;
}
