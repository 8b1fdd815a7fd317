// The agents of most tests, and the states of their orders as the server knows them.
import type { CommandRecord } from "../../src/domain/receipts.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import type { TestServer } from "./test-server.ts";

export const ada = parseAgentId("ada");
export const bob = parseAgentId("bob");

type OfServer = Pick<TestServer, "server">;

export function commandOf({ server }: OfServer, commandId: string, id = ada): CommandRecord | undefined {
  return server.fleet.get(id)?.commands.find(({ command_id }) => command_id === commandId);
}

/** The states of an order's receipts, in their order; empty for an order that is not known. */
export function statesOf(test: OfServer, commandId: string, id = ada): string[] {
  return commandOf(test, commandId, id)?.receipts.map(({ state }) => state) ?? [];
}
