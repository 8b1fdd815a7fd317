// This room holds errors, times and other text that the rooms share.
//
// CliaiError, the one error type that a person sees, and the exit code of each of its codes. All rooms below src/cli throw it; only
// src/cli/frame/run.ts prints it.

/** Exit code of each error code. 1 failed · 2 usage or configuration · 3 unreachable · 4 no answer in time · 5 refused. */
const exitCodeByErrorCode = {
  failed: 1,
  /** The agent's CLI no longer has the session to resume. */
  session_gone: 1,
  store_unavailable: 1,
  usage: 2,
  config_invalid: 2,
  agent_id_invalid: 2,
  agent_unknown: 2,
  request_unknown: 2,
  order_unknown: 2,
  message_invalid: 2,
  payload_too_large: 2,
  port_taken: 2,
  already_running: 2,
  data_dir_unwritable: 2,
  nats_server_missing: 2,
  nats_server_too_old: 2,
  cli_missing: 2,
  server_unreachable: 3,
  nats_unreachable: 3,
  no_answer: 4,
  /** No host shows a terminal of the agent. */
  no_terminal: 4,
  refused: 5,
  not_signed_in: 5,
  too_many_tries: 5,
  /** Another order with the same id was stored before. */
  stored_before: 5,
  /** Somebody else decided first. */
  decided_already: 5,
  interrupted: 130,
} as const;

export type ErrorCode = keyof typeof exitCodeByErrorCode;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(exitCodeByErrorCode, text);
}

export interface CliaiErrorOptions {
  /** The command or action that fixes it, without the word `hint:`. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error written for the person who sees it: one line that names the value, and one hint that fixes it. */
export class CliaiError extends Error {
  override readonly name = "CliaiError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: CliaiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  /** The shape of an error on `--json` and over HTTP: `{"error":{"code","message","hint"}}`. */
  toJSON(): { error: { code: ErrorCode; message: string; hint?: string } } {
    const body = { code: this.code, message: this.message };
    return { error: this.hint === undefined ? body : { ...body, hint: this.hint } };
  }
}

/** The process exit code for an error; anything that is not a `CliaiError` is a plain failure, 1. */
export function exitCodeOf(error: unknown): number {
  return error instanceof CliaiError ? exitCodeByErrorCode[error.code] : 1;
}

/** The first of several errors: what is thrown while things are put in order after an error must not hide that error. */
export function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error;
}

const fullDiskCodes = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Whether the file system has no room for what was to be written, or allows no more of it. */
export function isFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return fullDiskCodes.includes((error as NodeJS.ErrnoException).code ?? "") || isFullDisk(error.cause);
}

/** The message of anything thrown, for a log line or another error's text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
