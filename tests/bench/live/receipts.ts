// When each receipt comes. It is heard on NATS, because asking the server again and again would slow down what is measured.
import { everyAgentSubject } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import type { RunningServe } from "../../support/cliai.ts";

export interface Receipts extends AsyncDisposable {
  /** Resolves to when the receipt has come, by `performance.now()`. */
  arrival(commandId: string, state: string): Promise<number>;
}

export async function followReceipts({ natsUrl, credsPath }: RunningServe): Promise<Receipts> {
  const bus = await connectBus({ url: natsUrl, credsPath, name: "bench:live", log: silentLogger });
  const arrivals = new Map<string, PromiseWithResolvers<number>>();
  const arrivalOf = (key: string) => {
    const known = arrivals.get(key) ?? Promise.withResolvers<number>();
    arrivals.set(key, known);
    return known;
  };
  bus.subscribe(everyAgentSubject("receipt"), ({ data }) => {
    const { command_id, state } = JSON.parse(new TextDecoder().decode(data)) as Record<string, string>;
    arrivalOf(`${command_id} ${state}`).resolve(performance.now());
  });
  await bus.flush();
  return {
    arrival: (commandId, state) => arrivalOf(`${commandId} ${state}`).promise,
    [Symbol.asyncDispose]: () => bus.close({ graceMs: 0 }),
  };
}
