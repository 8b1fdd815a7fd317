import { expect, test } from "bun:test";
import { type GatewayOptions, openGateway, type Peer } from "../../src/agent-protocol/gateway.ts";
import { silentLogger } from "../../src/log.ts";
import { until } from "../support/wait-for.ts";

const ci: Peer = { name: "ci", key: "k", mayPermit: false, mayServe: false };
const server = { isLeader: () => true, fleet: { list: () => [] } } as unknown as GatewayOptions["server"];

/** What the gateway warns of while it reads the peers so many times. No peer can be connected to. */
async function warningsOf(reads: ReadonlyArray<() => readonly Peer[]>): Promise<string[]> {
  const warned: string[] = [];
  let times = 0;
  const gateway = openGateway({
    ...{ server, owner: "kim", version: "1.2.3", now: () => new Date() },
    fleetBus: {} as GatewayOptions["fleetBus"],
    takesFiles: () => true,
    saveAttachments: async () => [],
    isReserved: () => false,
    readPeers: async () => reads[times++]?.() ?? [],
    connect: async () => {
      throw new Error("no way");
    },
    log: { ...silentLogger, warn: (text) => void warned.push(text) },
  });
  await until("all is read", () => times >= reads.length);
  await gateway.stop();
  return warned;
}

test("a fault that lasts is told once, until it changes or is over", async () => {
  const fail = (why: string) => () => {
    throw new Error(why);
  };
  const [unread, unconnected] = await Promise.all([
    warningsOf([fail("EIO"), fail("EIO"), fail("EACCES")]),
    warningsOf([() => [ci], () => [ci], () => [], () => [ci]]),
  ]);
  expect(unread).toEqual(["the peers cannot be read: EIO", "the peers cannot be read: EACCES"]);
  const warning = "the agents are not announced to the peer ci: no way";
  expect(unconnected).toEqual([warning, warning]);
});
