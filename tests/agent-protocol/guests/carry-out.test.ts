// Who answers is played here: what the plain client of nats would hand over is given to its callback.
import { expect, test } from "bun:test";
import { headers, type Msg } from "nats";
import { type CarryOutOptions, carryOut } from "../../../src/agent-protocol/guests/carry-out.ts";
import { silentLogger } from "../../../src/log.ts";
import { ada } from "../../support/agents.ts";

const pieceOf = (type: string, data: unknown) => messageOf(JSON.stringify({ type, data }));
const messageOf = (text: string, code?: number) => {
  const about = code === undefined ? undefined : headers(code, "No Responders");
  return { data: new TextEncoder().encode(text), headers: about } as unknown as Msg;
};
const end = messageOf("");

/** The states of the receipts of a task that is answered like this, and what was told of its work. */
async function receiptsAfter(answered: readonly Msg[], more: Partial<CarryOutOptions> = {}) {
  const states: string[] = [];
  const working: boolean[] = [];
  let hear: (error: null, message: Msg) => void = () => undefined;
  const connection = {
    subscribe(_subject: string, { callback }: { readonly callback: typeof hear }) {
      hear = callback;
      return { unsubscribe: () => undefined };
    },
    publish: () => answered.forEach((message) => void hear(null, message)),
  };
  const isOver = await carryOut(
    { command_id: "c", token: undefined, text: "greet" },
    {
      ...{
        id: ada,
        service: { agent: "echo", owner: "kim", session: "", instanceId: "i", promptSubject: "p" },
      },
      peerBus: { connection, createInbox: () => "_INBOX.1", flush: async () => undefined } as never,
      fleetBus: { publishStored: async () => undefined } as never,
      call: async () => ({ isError: false, text: "done" }),
      receipts: { noteToken: () => undefined, write: ({ state }) => void states.push(state) },
      answers: { told: () => undefined, endOthers: async () => undefined },
      requests: { all: () => [], onChange: () => () => undefined },
      onWorking: (isWorking) => void working.push(isWorking),
      ...{ signal: new AbortController().signal, now: () => new Date(), log: silentLogger, ...more },
    },
  );
  return { isOver, states, working };
}

test("a task that was acknowledged ends, also if the program then says that nobody listens", async () => {
  const { isOver, states, working } = await receiptsAfter([pieceOf("status", "ack"), messageOf("", 503)]);
  expect(states).toEqual(["delivered", "injected", "failed"]);
  expect({ isOver, working }).toEqual({ isOver: true, working: [true, false] });
});

test("a task that nobody has heard has no receipt", async () => {
  expect(await receiptsAfter([messageOf("", 503)])).toEqual({ isOver: false, states: [], working: [] });
});

test("a task that was answered is applied, also if the answers to its questions cannot be read", async () => {
  const query = pieceOf("query", { reply_subject: "_INBOX.2", prompt: "Which?" });
  const endOthers = () => Promise.reject(new Error("NATS is away"));
  const { states } = await receiptsAfter([query, pieceOf("response", "Hello"), end], {
    answers: { told: () => undefined, endOthers },
  });
  expect(states).toEqual(["delivered", "injected", "seen", "applied"]);
});
