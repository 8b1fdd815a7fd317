// This room passes an agent's requests on to its model server, each when the queue before that server grants it a slot.
//
// The HTTP handler of the gate. It knows no agent CLI: whatever asks the gate instead of the server gets the server's own answers.
import { gateAwayHeader } from "../domain/model-server.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { isModelRequest } from "./model-requests.ts";
import { passedHeaders, passOn } from "./pass-on.ts";
import { type GateDesk, passModelRequest } from "./pass-request.ts";
import { type QueueFacts, readQueueFacts } from "./queue-facts.ts";

export interface GateOptions extends GateDesk {
  /** The first part of the path of every request, which only the agent's CLI knows. */
  readonly token: string;
  readonly log: Logger;
}

/** How long the facts count, because somebody may restart the server with other settings. */
const factsCountForMs = 60_000;

export function createModelGate(options: GateOptions): (request: Request) => Promise<Response> {
  const { settings, token, over, log } = options;
  let known: { readonly facts: QueueFacts; readonly atMs: number } | undefined;
  const factsFor = async (headers: Readonly<Record<string, string>>) => {
    if (known !== undefined && performance.now() - known.atMs < factsCountForMs) return known.facts;
    const facts = await readQueueFacts(settings, headers);
    if (facts !== undefined) known = { facts, atMs: performance.now() };
    return facts ?? known?.facts;
  };
  return async (request) => {
    const { method, url, signal: left } = request;
    const { pathname, search } = new URL(url);
    const path = pathname.startsWith(`/${token}/`) ? pathname.slice(token.length + 1) : undefined;
    if (path === undefined) return Response.json({ error: { message: "not found" } }, { status: 404 });
    const signal = AbortSignal.any([left, over]);
    const headers = passedHeaders(request.headers);
    try {
      const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
      const passed = { target: settings.url + path + search, method, headers, body, signal };
      if (!isModelRequest(method, path)) return await passOn(passed);
      return await passModelRequest({ ...passed, ...options, path, facts: await factsFor(headers) });
    } catch (error) {
      if (!signal.aborted) log.debug(`the model server at ${settings.url}: ${messageOf(error)}`);
      const why = ((error as NodeJS.ErrnoException).code ?? messageOf(error)).replace(/[^\x20-\x7e]+/g, " ");
      const message = `no model server answers at ${settings.url} (${why})`;
      return Response.json(
        { error: { message, type: "server_error" } },
        { status: 502, headers: { [gateAwayHeader]: why } },
      );
    }
  };
}
