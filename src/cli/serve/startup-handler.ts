// Answers HTTP requests: by the app while it is open; before and after that, only `/healthz`. The socket is bound before
// anything else, so that a taken port is known at once, and `/healthz` names the holder of serve's lock from the beginning.

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

/** The URL at which this machine reaches the socket: on loopback if `host` is an address such as 0.0.0.0, which means "all". */
export function httpUrl(scheme: "http" | "https", host: string, port: number): string {
  return `${scheme}://${ownAddress(host)}:${port}`;
}
