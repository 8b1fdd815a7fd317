// This room holds the scenarios of the bench, one a file.
//
// The list of scenarios, in the order of the table.
import type { Scenario } from "../scenario.ts";
import { bridgeMemory } from "./bridge-memory.ts";
import { bridgeStart } from "./bridge-start.ts";
import { executableSize } from "./executable-size.ts";
import { fleetPage } from "./fleet-page.ts";
import { ingest } from "./ingest.ts";
import { load } from "./load.ts";
import { modelQueue } from "./model-queue.ts";
import { search } from "./search.ts";
import { sendDelivered } from "./send.ts";
import { serveStart } from "./serve-start.ts";
import { settingsCost } from "./settings.ts";
import { toolCall } from "./tool-call.ts";

export const scenarios: readonly Scenario[] = [
  toolCall,
  bridgeStart,
  bridgeMemory,
  sendDelivered,
  ingest,
  load,
  fleetPage,
  modelQueue,
  search,
  serveStart,
  settingsCost,
  executableSize,
];
