// Opens the gate of one agent on loopback, before the model server of its profile.
import { randomBytes } from "node:crypto";
import type { Link } from "../agent-link/link.ts";
import { modelServerName } from "../domain/model-queue/server-name.ts";
import { baseOf, type ModelServerProfile } from "../domain/model-server.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { ModelRequest } from "../domain/wire/model-request.ts";
import { loopback } from "../domain/wire/own-address.ts";
import type { Logger } from "../log.ts";
import { serveHttp } from "../runtime.ts";
import { createRereadEstimate } from "./answer-figures.ts";
import { createLeaseLine } from "./lease-line.ts";
import { createModelGate } from "./model-gate.ts";
import { createRequestBoard } from "./request-board.ts";

export interface ModelGateOptions {
  readonly id: AgentId;
  readonly modelServer: Pick<ModelServerProfile, "url" | "kind" | "slots" | "model">;
  /** The name of this machine. */
  readonly machine: string;
  readonly link: Pick<Link, "bus" | "connected" | "trouble">;
  readonly onRequest: (request: ModelRequest) => void;
  readonly now: () => Date;
  readonly log: Logger;
  /** How long serve may be silent before a request is sent without the queue. Default 30 seconds. */
  readonly silentForMs?: number | undefined;
}

export interface ModelGate {
  /** The base URL to use in place of the server's. It holds a secret. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function openModelGate(options: ModelGateOptions): Promise<ModelGate> {
  const { id, modelServer, machine, link, onRequest, now, log, silentForMs } = options;
  const { kind, slots, model } = modelServer;
  const url = baseOf(modelServer);
  const server = modelServerName(url, machine);
  // Agent CLIs name the address in their errors. `redact` knows it by this form.
  const token = `model-gate-${randomBytes(24).toString("base64url")}`;
  const over = new AbortController();
  const fetch = createModelGate({
    settings: { url, slots, kind: kind === "auto" ? undefined : kind },
    ...{ server, model, token, log, over: over.signal },
    line: createLeaseLine({ id, link, createId: () => crypto.randomUUID(), log, silentForMs }),
    rereadMsOf: createRereadEstimate(),
    board: createRequestBoard({ server, now, onChange: onRequest }),
  });
  // No deadline for a request, because it may wait long for its slot.
  const http = await serveHttp({ host: loopback, port: 0, fetch, requestWithinS: 0 });
  return {
    url: `http://${loopback}:${http.port}/${token}`,
    async stop() {
      over.abort();
      await http.stop();
    },
  };
}
