// Agents come and go for weeks: what nats-server remembers of connections that are over is bounded.
import { describe, expect, test } from "bun:test";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import { startSecureNats } from "../../support/secure-nats.ts";
import { waitFor } from "../../support/wait-for.ts";

const connections = 300;
const remembered = 100;
/** As nats-server numbers what may be asked for. */
const closedOnes = 1;

describe("watchConnections()", () => {
  test(`of ${connections} connections that are over nats-server remembers ${remembered}`, async () => {
    await using nats = await startSecureNats();
    const { creds } = await nats.mintAgent("ada");
    const before = nats.serve.connection.info?.client_id ?? 0;
    for (let i = 0; i < connections; i += 1) {
      const connection = await nats.connectRaw(creds, { name: "ada", reconnect: false });
      await connection.close();
    }
    const closed = async () => {
      const answer = await nats.system.request(
        "$SYS.REQ.SERVER.PING.CONNZ",
        { state: closedOnes, limit: 10 * connections },
        { timeoutMs: 60_000 },
      );
      return (parseJson(answer) as { data: { connections: { cid: number }[] } }).data.connections;
    };
    const last = before + connections;
    await waitFor(async () => (await closed()).some(({ cid }) => cid >= last), {
      what: "the last one is over",
    });
    expect(await closed()).toHaveLength(remembered);
  });
});
