// How long `cliai resume` waits for an agent that is about to connect.
import { expect, test } from "bun:test";
import { untilOnline } from "../../../src/cli/resume/until-online.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { alive, now, recordOf } from "../../support/agent-records.ts";

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
