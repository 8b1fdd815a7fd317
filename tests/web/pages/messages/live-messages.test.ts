// What an open page of messages reads again, on a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { silentLogger } from "../../../../src/log.ts";
import { liveReportOf } from "../../../../src/web/pages/live/report-pages.ts";
import { createMessagesReading } from "../../../../src/web/pages/messages/live-messages.tsx";
import { waitFor } from "../../../support/wait-for.ts";
import { startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
  await web.heartbeat("bob");
});
afterAll(() => web[Symbol.asyncDispose]());

const send = (to: string, message: { readonly message_id: string }) =>
  web.bus.publishStored(`agent.${to}.message`, { to, ...message });

/** Waits until the server knows of the copies in AUDIT of so many messages with the text. */
async function copied(text: string, count: number) {
  const { history } = web.test.server;
  const isCopied = async () => {
    const { records } = await history.page({ kind: "message", text }, { limit: count });
    return records.length === count && history.newest() >= (records[0]?.seq ?? 0);
  };
  await waitFor(isCopied, { what: `the copies of ${text}` });
}

async function tell(to: string, message: { readonly message_id: string; readonly [name: string]: string }) {
  await send(to, message);
  await copied(`"message_id":"${message.message_id}"`, 1);
}

/** An open page that was made now. */
function openPage(asked: Readonly<Record<string, string>>) {
  const { server } = web.test;
  const counts = { searches: 0 };
  const history: typeof server.history = {
    ...server.history,
    page(...args) {
      counts.searches += 1;
      return server.history.page(...args);
    },
  };
  const { read, version } = createMessagesReading({
    server: { ...server, history },
    doctor: undefined,
    report: { asked: (name) => asked[name], zone: "UTC" },
    newest: history.newest(),
    now: () => new Date(),
  });
  /** The markup of the parts, by their ids. */
  const parts = async () => Object.fromEntries((await read()).map(({ id, part }) => [id, String(part)]));
  return { version, counts, parts };
}

describe("createMessagesReading()", () => {
  test("has something to read after a message and after its receipt, but not after a heartbeat", async () => {
    const { version } = openPage({});
    const first = version();
    await web.heartbeat("ada");
    expect(version()).toBe(first);
    await tell("bob", { message_id: "m1", from: "ada", text: "the first words", thread: "m1" });
    const told = version();
    expect(told).not.toBe(first);
    await web.bus.publishStored("agent.bob.receipt", { command_id: "m1", state: "delivered" });
    await waitFor(() => version() !== told, { what: "another version" });
  });

  test("keeps what a conversation has, however many messages come, and counts them only so far", async () => {
    await tell("ada", { message_id: "m2", from: "bob", text: "the second words", thread: "m1" });
    const { parts, counts } = openPage({});
    expect((await parts())["conversation-m1"]).toMatch(/2 messages.*the first words.*the second words/);
    await tell("bob", { message_id: "m3", from: "ada", text: "the third words", thread: "m1" });
    expect((await parts())["messages-new"]).toContain("1 new message<");
    await Promise.all(
      Array.from({ length: 350 }, (_, i) =>
        send("bob", { message_id: `n${i}`, ...{ from: "ada", text: `word ${i}`, thread: "n0" } }),
      ),
    );
    await copied('"thread":"n0"', 350);
    const busy = await parts();
    expect(busy["conversation-m1"]).toMatch(/2 messages.*the first words.*the second words/);
    expect(busy["messages-new"]).toContain("more than 100 new messages<");
    expect(counts.searches).toBe(1);
  });

  test("of one conversation searches once, and adds what has come", async () => {
    const { parts, counts } = openPage({ thread: "m1" });
    expect(Object.keys(await parts())).toEqual(["m-m1", "m-m2", "m-m3"]);
    await tell("bob", { message_id: "m4", from: "ada", text: "more", thread: "m1" });
    expect(Object.keys(await parts())).toEqual(["m-m1", "m-m2", "m-m3", "m-m4"]);
    expect(counts.searches).toBe(1);
  });

  test("a stream that begins reads what its page may lack, also if nothing changes from then on", async () => {
    const { server } = web.test;
    const newest = server.history.newest();
    await tell("bob", { message_id: "m5", from: "ada", text: "not shown yet", thread: "m1" });
    const still = { ...server, fleet: { ...server.fleet, revision: () => 7 } };
    const asked = (name: string) => (name === "thread" ? "m1" : undefined);
    const facts = { server: still, doctor: undefined, report: { asked, zone: "UTC" }, newest };
    const report = liveReportOf("messages", { ...facts, now: () => new Date() }, silentLogger);
    const hasCome = () => report?.take().some((html) => /^<li id="m-m5".*not shown yet/.test(html));
    await waitFor(hasCome, { what: "the message" });
  });
});
