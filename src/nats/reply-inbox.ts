// Decides whether a message may be answered on the subject that it names for that. Pure.

/**
 * True only if the subject is an inbox, or begins with `_R_.`, which nats-server itself writes for a request from another account. A sender
 * can name any other subject, and a reply would publish on it with our own rights.
 */
export function isReplyInbox(subject = ""): boolean {
  return /^(_INBOX|_R_)\./.test(subject);
}
