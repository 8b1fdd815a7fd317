// All operations of the HTTP API.
import { agentOperations } from "./agent-operations.ts";
import type { Operation } from "./operation.ts";
import { orderOperations } from "./order-operations.ts";
import { serverOperations } from "./server-operations.ts";

export const operations: readonly Operation[] = [...agentOperations, ...orderOperations, ...serverOperations];
