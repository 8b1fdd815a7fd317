// Errors over HTTP: the status for each error code. The body is CliaiError's own JSON.
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { CliaiError, type ErrorCode, messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import type { Logger } from "../../log.ts";

/** All other codes are failures of the server: 500. */
const statusByCode: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  usage: 400,
  agent_id_invalid: 400,
  message_invalid: 400,
  not_signed_in: 401,
  refused: 403,
  agent_unknown: 404,
  request_unknown: 404,
  order_unknown: 404,
  decided_already: 409,
  stored_before: 409,
  already_running: 409,
  session_gone: 409,
  no_terminal: 409,
  payload_too_large: 413,
  too_many_tries: 429,
  store_unavailable: 503,
  server_unreachable: 503,
  nats_unreachable: 503,
  interrupted: 503,
  no_answer: 504,
};

export interface HttpError {
  readonly status: ContentfulStatusCode;
  /** A `CliaiError`'s code; `not_found` for an unknown path, and `wrong_method` for a method that a path does not take. */
  readonly code: ErrorCode | "not_found" | "wrong_method";
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What a client is told about an error. If it is not a CliaiError, and so not written for a person, only the log has it. */
export function describeError(error: unknown, log: Logger): HttpError {
  if (!(error instanceof CliaiError)) {
    log.error(`request failed: ${(error instanceof Error && error.stack) || messageOf(error)}`);
    return {
      status: 500,
      code: "failed",
      message: "the request failed inside cliai",
      hint: "see why in the log of cliai serve",
    };
  }
  const { code, message, hint } = error;
  return { status: statusByCode[code] ?? 500, code, message: redact(message), hint: hint && redact(hint) };
}

export function notFound(path: string): HttpError {
  return { status: 404, code: "not_found", message: `nothing at ${path}`, hint: "the dashboard is at /" };
}

/** @param allowed the methods that the path takes @param describedAt where they are described */
export function wrongMethod(
  method: string,
  path: string,
  allowed: readonly string[],
  describedAt = "GET /openapi.json describes them",
): HttpError {
  return {
    status: 405,
    code: "wrong_method",
    message: `${path} takes no ${method}`,
    hint: `it takes ${allowed.join(", ")}; ${describedAt}`,
  };
}

/** Whether to answer with JSON, and not with a page: decided by the path, or by the header Accept. */
export function wantsJson(c: Context): boolean {
  const { path } = c.req;
  const isForPrograms =
    /^\/(api|mcp)(\/|$)/.test(path) || ["/healthz", "/readyz", "/metrics", "/openapi.json"].includes(path);
  return isForPrograms || (c.req.header("accept") ?? "").includes("application/json");
}

export function errorJson(c: Context, { status, code, message, hint }: HttpError): Response {
  return c.json({ error: { code, message, ...(hint === undefined ? {} : { hint }) } }, status);
}
