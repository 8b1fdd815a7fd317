// The lines of nats-server's log that tell of something refused, as 2.15.2 and 2.9.10 write them.
import { expect, test } from "bun:test";
import {
  createViolationReader,
  parseViolation,
  type RepeatedViolation,
} from "../../../src/nats/child/violations.ts";

const ada = `U${"A".repeat(55)}`;
const bob = `U${"B".repeat(55)}`;
const start = '[1] 2026/11/25 04:46:17.406374 [ERR] 127.0.0.1:37892 - cid:8 - "v2.29.3:nats.js:ada"';
const account = `A${"C".repeat(55)}/CLIAI`;

test.each([
  [
    `${start} - "${account}/nkey:${ada}" - Publish Violation - Subject "tools.call"`,
    "publish on",
    "tools.call",
  ],
  [
    `${start} - "${account}/nkey:${ada}" - Subscription Violation - Subject "agent.bob.>", Queue: "q", SID 1`,
    "subscribe to",
    "agent.bob.>",
  ],
  [`${start} - Publish Violation - Nkey "${ada}", Subject "tools.call"`, "publish on", "tools.call"],
] as const)("parseViolation(%s)", (line, act, subject) => {
  expect(parseViolation(line)).toEqual({ userKey: ada, act, subject });
});

test("parseViolation() is not led astray by the name of a connection", () => {
  const name = `x\\" - \\"${account}/nkey:${bob}\\" - Publish Violation - Subject \\"y\\"\\n`;
  const line = `${start.replace("ada", name)} - "${account}/nkey:${ada}" - Publish Violation - Subject "z"`;
  expect(parseViolation(line)).toEqual({ userKey: ada, act: "publish on", subject: "z" });
  expect(parseViolation(`${start.replace("ada", name)} - Client connection closed: Client Closed`)).toBe(
    undefined,
  );
});

test("createViolationReader() tells together what comes again and again, for each user and act", () => {
  const told: RepeatedViolation[] = [];
  const { read, flush } = createViolationReader((violation) => void told.push(violation));
  const line = (key: string, what: string) => `${start} - "${account}/nkey:${key}" - ${what}`;
  for (let i = 1; i <= 300; i += 1) read(line(ada, `Publish Violation - Subject "tools.${i}"`));
  read(line(ada, 'Subscription Violation - Subject "agent.bob.>", SID 1'));
  read(line(bob, 'Publish Violation - Subject "tools.call"'));
  read("something else");
  expect(told).toEqual([]);
  flush();
  flush();
  expect(told).toEqual([
    { userKey: ada, act: "publish on", subject: "tools.300", times: 300 },
    { userKey: ada, act: "subscribe to", subject: "agent.bob.>", times: 1 },
    { userKey: bob, act: "publish on", subject: "tools.call", times: 1 },
  ]);
});
