// Answers on serve's HTTP socket: the app once it is there, before and after that the probes only. The socket is bound
// first, so that a taken port is known at once, and `/healthz` names the holder of the lock from the beginning.

import { CliaiError } from "../../domain/text/errors.ts";
import { ownAddress } from "../../domain/wire/own-address.ts";
import type { HttpHandler } from "../../runtime.ts";

export interface StartupHandler {
  readonly fetch: HttpHandler;
  open(app: { fetch: HttpHandler }): void;
  close(): void;
}

export function createStartupHandler(instance: string): StartupHandler {
  let app: { fetch: HttpHandler } | undefined;
  return {
    fetch: (request, connection) => app?.fetch(request, connection) ?? answerAlone(request, instance),
    open: (opened) => {
      app = opened;
    },
    close: () => {
      app = undefined;
    },
  };
}

function answerAlone(request: Request, instance: string): Response {
  if (new URL(request.url).pathname === "/healthz") return Response.json({ ok: true, instance });
  const error = new CliaiError("server_unreachable", "the server is starting or ending", {
    hint: "try again in a moment",
  });
  return Response.json(error, {
    status: 503,
    headers: { "retry-after": "1", "x-content-type-options": "nosniff" },
  });
}

/** The address at which this machine reaches the socket: one cannot connect to an address that means "all". */
export function httpUrl(scheme: "http" | "https", host: string, port: number): string {
  return `${scheme}://${ownAddress(host)}:${port}`;
}
