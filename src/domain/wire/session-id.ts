// The id of a session of an agent's CLI. A UUID in most CLIs; OpenCode's are such as `ses_57a1b2…`.
import * as v from "valibot";

/** Agents report it, and it becomes an argument of their CLI, so it must not look like a flag. */
export const SessionIdSchema = v.pipe(
  v.string("a session id must be text"),
  v.regex(/^[A-Za-z0-9][\w-]{0,127}$/, "a session id has letters, digits, _ and -, at most 128"),
);

export function isSessionId(text: string | undefined): text is string {
  return v.is(SessionIdSchema, text);
}
