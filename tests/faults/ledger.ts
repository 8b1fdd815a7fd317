// What the audit says became of each command: read from the stream itself, beside `serve` and not through it.
import { isFinal } from "../../src/domain/receipts.ts";
import { parseJson } from "../../src/domain/wire/decode.ts";
import type { Receipt, ReceiptState } from "../../src/domain/wire/messages.ts";
import { everyAgentSubject, parseAgentSubject, streams } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { followStream } from "../../src/nats/jetstream/follow.ts";

export interface Ledger extends AsyncDisposable {
  /** The final receipt that counts, which is the first in the audit; empty before it. A retry may have stored it twice. */
  finals(agentId: string, commandId: string): readonly ReceiptState[];
  /** Calls back with each receipt as it is stored. */
  onReceipt(listener: ((agentId: string, receipt: Receipt) => void) | undefined): void;
}

export async function openLedger(bus: Bus): Promise<Ledger> {
  const finals = new Map<string, ReceiptState[]>();
  let listener: Parameters<Ledger["onReceipt"]>[0];
  const following = followStream(bus, {
    stream: streams.audit,
    subjects: [everyAgentSubject("receipt")],
    from: 1,
    log: silentLogger,
    onMessage({ subject, data }) {
      const id = parseAgentSubject(subject)?.id ?? "";
      const receipt = parseJson(data) as Receipt;
      if (isFinal(receipt.state)) {
        const key = `${id} ${receipt.command_id}`;
        if (!finals.has(key)) finals.set(key, [receipt.state]);
      }
      listener?.(id, receipt);
    },
  });
  await following.caughtUp;
  return {
    finals: (agentId, commandId) => finals.get(`${agentId} ${commandId}`) ?? [],
    onReceipt: (next) => {
      listener = next;
    },
    [Symbol.asyncDispose]: () => following.stop(),
  };
}
