// The messages and their addresses in the API, on a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitFor } from "../../../support/wait-for.ts";
import { partsUntil, readEvents } from "../../event-reader.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
  await web.heartbeat("bob");
  await web.heartbeat("dan", { status: "stopped" });
});
afterAll(() => web[Symbol.asyncDispose]());

async function text(path: string): Promise<string> {
  const html = await (await web.app.request(path, { headers: { accept: "text/html" } })).text();
  return html
    .replace(/<(head|svg|select)\b[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
}

const submit = (fields: Record<string, string>) =>
  web.app.request("/messages", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });

describe("the messages", () => {
  test("without any say so", async () => {
    expect(await text("/messages")).toContain("No agent has written to another yet.");
  });

  test("are shown by conversation, with who has unread ones, escaped", async () => {
    const tell = (to: string, message: object) =>
      web.bus.publishStored(`agent.${to}.message`, { to, ...message });
    await tell("bob", { message_id: "m1", from: "ada", text: "please <b>test</b> it" });
    await tell("ada", { message_id: "m2", from: "bob", text: "it is green", thread: "m1", reply_to: "m1" });
    await tell("ada", { message_id: "m3", from: "cleo", text: "another thing" });
    await web.viewOf("ada", ({ queued }) => queued === 2, "two messages in the queue");
    // AUDIT copies them from COMMANDS.
    await waitFor(async () => (await text("/messages")).includes("another thing"), { what: "the copies" });
    const shown = await text("/messages");
    expect(shown).toMatch(/ada has 2 unread, what waits longest is from (now|\d+ s ago)/);
    expect(shown).toMatch(/cleo, ada 1 unread (now|\d+ s ago) another thing ada, bob 2 messages 2 unread/);
    expect(shown).toContain("please &lt;b&gt;test&lt;/b&gt; it bob : it is green");
    expect(await text("/messages?thread=m1")).toMatch(
      /ada to bob (now|\d+ s ago) please .* stored bob to ada (now|\d+ s ago) it is green stored/,
    );
    expect(await text("/messages?agent=cleo")).toMatch(/another thing/);
    expect(await text("/messages?agent=cleo")).not.toMatch(/green/);
    expect(await (await web.app.request("/api/messages?agent=bob")).json()).toMatchObject({
      conversations: [
        { thread: "m1", members: ["ada", "bob"], messages: [{ message_id: "m1" }, { message_id: "m2" }] },
      ],
      unread: expect.arrayContaining([
        expect.objectContaining({ agent_id: "ada", messages: 2 }),
        expect.objectContaining({ agent_id: "bob", messages: 1 }),
      ]),
    });
  });

  test("on an open page: a new one is counted and moves nothing; in its conversation it comes at the end", async () => {
    const streamOf = async (path: string) => {
      const html = await (await web.app.request(path, { headers: { accept: "text/html" } })).text();
      return /data-stream="([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    };
    await using list = readEvents(await web.app.request(await streamOf("/messages")));
    await using whole = readEvents(await web.app.request(await streamOf("/messages?thread=m3")));
    const message = { message_id: "m4", thread: "m3", reply_to: "m3", from: "ada", text: "which thing?" };
    await web.bus.publishStored("agent.cleo.message", { to: "cleo", ...message });
    await web.heartbeat("bob");
    const { counted, known } = await partsUntil(list, {
      counted: /^<div id="messages-new".*href="\/messages\?".*Show 1 new message</,
      known: /^<li id="conversation-m3"/,
    });
    expect(counted).toContain('data-shows="messages-new messages-unread messages-list"');
    expect(known).not.toContain("which thing?");
    const { fresh } = await partsUntil(whole, { fresh: /^<li id="m-m4".*which thing\?/ });
    expect(fresh).toMatch(/data-list="conversation" data-place="\d{15}"/);
    expect(await text("/messages")).toMatch(/2 messages 2 unread .* another thing ada : which thing\?/);
  });

  test("of the operator are sent by the form, once, in the conversation, and the model reads whose words they are", async () => {
    const fields = { to: "bob", text: "well done", thread: "m1", reply_to: "m2", message_id: "op-1" };
    const response = await submit(fields);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/messages?thread=m1#m-op-1"]);
    await submit(fields);
    await web.viewOf("bob", ({ queued }) => queued === 2, "the operator's message");
    const shown = await text("/messages?thread=m1");
    expect(shown.match(/well done/g)).toHaveLength(1);
    expect(shown).toContain("kim (page) operator to bob");
    const [record] = (await (await web.app.request("/api/audit?kind=message&agent=bob")).json()).records;
    expect(record.message).toMatchObject({
      from: "kim (page)",
      by_operator: true,
      thread: "m1",
      reply_to: "m2",
    });
  });

  test("of the operator are refused for an agent that is unknown or stopped, and without a text", async () => {
    expect((await submit({ to: "boby", text: "hi" })).status).toBe(404);
    const stopped = await postJson(web.app, "/api/messages", { to: "dan", text: "hi" });
    expect([stopped.status, (await errorOf(stopped)).message]).toEqual([
      403,
      expect.stringContaining("dan was stopped"),
    ]);
    expect((await postJson(web.app, "/api/messages", { to: "bob", text: " " })).status).toBe(400);
    expect((await postJson(web.app, "/api/messages", { to: "bob" })).status).toBe(400);
  });
});
