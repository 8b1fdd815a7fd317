// Reads the fields of a form from a request's body.
import type { Context } from "hono";
import { CliaiError } from "../../domain/text/errors.ts";

/** @throws CliaiError `message_invalid` if the body is not a form */
export async function readForm(c: Context): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await c.req.parseBody({ all: true });
  } catch (cause) {
    // A body that is too large has already been given an error with a hint (app.ts).
    if (cause instanceof CliaiError) throw cause;
    throw new CliaiError("message_invalid", "the body is not a form", { cause });
  }
}
