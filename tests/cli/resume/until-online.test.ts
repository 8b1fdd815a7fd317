// How long `cliai resume` waits for an agent that is about to connect, and for its session.
import { expect, test } from "bun:test";
import { untilOnline, untilSessionTold } from "../../../src/cli/resume/until-online.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { ago, alive, beatOf, now, recordOf } from "../../support/agent-records.ts";

const reading = (fields: object) => ({ records: new Map(), now, record: recordOf(fields) });
const away = viewAgent(recordOf({}), now);
const online = viewAgent(recordOf(alive), now);

test("untilOnline() asks nobody about an agent that is online, or that cannot come", async () => {
  const reader = { find: () => Promise.reject(new Error("asked")) };
  expect(await untilOnline(online, reader, () => true)).toBe(online);
  expect(await untilOnline(away, reader, () => false)).toBe(away);
});

test("untilOnline() waits until it is online, and keeps what it knows of one that is gone meanwhile", async () => {
  const answers = [undefined, reading({}), reading(alive)];
  const reader = { find: async () => answers.shift() };
  expect((await untilOnline(away, reader, () => true)).axes.link.value).toBe("online");
  expect(answers).toEqual([]);
  let looks = 0;
  const gone = { find: async () => undefined };
  expect(await untilOnline(away, gone, () => ++looks < 3)).toBe(away);
});

test("untilSessionTold() waits for the session that the CLI of the new run tells, and believes no heartbeat", async () => {
  const beat = (instance_id: string) => ({ heartbeat: beatOf(5, { instance_id }), session_id: "s1" });
  const session = (instance_id: string, session_id: string) => ({
    ...{ instance_id, session_id, started_at: ago(9), last_event_at: ago(5), tools: [] },
  });
  const before = viewAgent(recordOf({ ...beat("r1"), session: session("r1", "s1") }), now);
  const answers = [
    reading({ ...beat("r1"), session: session("r1", "s1") }),
    reading({ ...beat("r2"), session: session("r1", "s1") }),
    // Its CLI does not have the session, so the server starts it once more.
    reading({ ...beat("r2"), session: { ...session("r2", "s1"), ended: { at: ago(5), reason: "" } } }),
    reading({ ...beat("r3"), session: { ...session("r2", "s1"), ended: { at: ago(5), reason: "" } } }),
    reading({ ...beat("r3"), session: session("r3", "s2") }),
  ];
  expect(await untilSessionTold(before, { find: async () => answers.shift() })).toBe("s2");
  expect(answers).toEqual([]);
  const silent = { find: async () => reading({ ...beat("r2"), session: session("r1", "s1") }) };
  expect(await untilSessionTold(before, silent, 0)).toBeUndefined();
});
