// A form's fields from a request's body.
import type { Context } from "hono";
import { CliaiError } from "../../domain/text/errors.ts";

/** @throws CliaiError `message_invalid` for a body that is no form */
export async function readForm(c: Context): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await c.req.parseBody({ all: true });
  } catch (cause) {
    // Too large comes as an error of its own, with what to do about it.
    if (cause instanceof CliaiError) throw cause;
    throw new CliaiError("message_invalid", "the body is no form", { cause });
  }
}
