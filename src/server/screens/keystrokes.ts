// With `serve --audit-keystrokes`: records what is typed at the agents' terminals from elsewhere, each message as an event `typed_keys` in AUDIT.

import { KeysSchema } from "../../domain/screen/screen-messages.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import {
  agentSubject,
  everyKeysSubject,
  parseKeysSubject,
  serveQueueGroup,
} from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";

/** Returns the function that ends it. Also records keys that the agent's host then refuses: what was tried is worth knowing, too. */
export function recordKeystrokes(bus: Bus, now: () => Date, log: Logger): () => void {
  return bus.subscribe(
    everyKeysSubject,
    ({ subject, data }) => {
      const id = parseKeysSubject(subject);
      if (id === undefined) return;
      try {
        const { name, act, keys } = decodeMessage(KeysSchema, data);
        if (act !== "type" || keys === undefined) return;
        const detail = `${harmless(name)}: ${JSON.stringify(keys)}`;
        bus.publish(agentSubject(id, "event"), {
          ...{ agent_id: id, kind: "typed_keys", detail, timestamp: now().toISOString() },
        });
      } catch (error) {
        log.warn(`keys for ${id} are not recorded: ${messageOf(error)}`);
      }
    },
    { queue: serveQueueGroup },
  );
}
