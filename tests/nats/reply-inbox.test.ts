import { describe, expect, test } from "bun:test";
import { isReplyInbox } from "../../src/nats/reply-inbox.ts";

describe("isReplyInbox()", () => {
  test.each(["_INBOX.ada.1", "_INBOX.x", "_R_.x.y"])("%s may be answered", (subject) =>
    expect(isReplyInbox(subject)).toBe(true),
  );

  test.each([undefined, "", "_INBOX", "_INBOXES.x", "x._INBOX.y", "agent.bob.command", "$JS.ACK.x"])(
    "%s may not",
    (subject) => expect(isReplyInbox(subject)).toBe(false),
  );
});
