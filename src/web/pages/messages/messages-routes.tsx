/** @jsxImportSource hono/jsx */
// The address of the messages, and the form that sends one.
import type { Hono } from "hono";
import { signedBy } from "../../access/caller.ts";
import { wantsJson } from "../../api/http-errors.ts";
import { readForm } from "../../api/read-form.ts";
import {
  makeMessagesReport,
  readMessagesQuery,
  sendOperatorMessage,
} from "../../api/reports/messages-report.ts";
import { type PagesOptions, reportStreamOf, showPage, streamOf } from "../show-page.tsx";
import { MessagesPage } from "./messages-page.tsx";

export function registerMessagesRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now } = options;
  pages.get("/messages", async (c) => {
    const query = readMessagesQuery({ asked: (name) => c.req.query(name) });
    const streamAfter = reportStreamOf(server, "messages", c);
    // All messages up to this record are looked at for the page.
    const looked = server.history.newest();
    const report = await makeMessagesReport(server, query);
    const messages = report.conversations.flatMap((conversation) => conversation.messages);
    const newest = Math.max(looked, ...messages.map(({ seq }) => seq));
    return showPage(c, options, {
      title: "Messages",
      stream: query.before === undefined ? streamAfter(newest) : streamOf(server, "other"),
      body: <MessagesPage report={report} query={query} views={server.fleet.list()} now={now()} />,
    });
  });
  pages.post("/messages", async (c) => {
    const sent = await sendOperatorMessage(server, await readForm(c), signedBy(c, "page"));
    if (wantsJson(c)) return c.json(sent, 202);
    return c.redirect(`/messages?thread=${sent.thread}#m-${sent.message_id}`, 303);
  });
}
