// Who gets into the dashboard and the API: whoever has the HTTP token, or a token with a name.
import { findNamedToken } from "../../credentials/named-tokens.ts";
import type { CliaiError } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { AccessOptions } from "../../web/access/access.ts";

export interface WebAccessOptions extends Pick<AccessOptions, "instance" | "now"> {
  readonly dataDir: string;
  readonly http: { readonly port: number };
  /** Undefined if the pages are served without TLS. */
  readonly tls: object | undefined;
  readonly log: Pick<Logger, "warn">;
}

/** @param watched the HTTP token; undefined with `--insecure`, which asks nobody for one */
export function accessOf(
  watched: Pick<AccessOptions, "token" | "onRotated"> | undefined,
  { dataDir, http, tls, instance, now, log }: WebAccessOptions,
): AccessOptions | undefined {
  const onUnusable = onceEach(({ message, hint }: CliaiError) => log.warn(`${message}; ${hint}`));
  const findNamed = (token: string) => findNamedToken(dataDir, token, { now: now(), onUnusable });
  return watched && { ...watched, instance, port: http.port, secure: tls !== undefined, now, findNamed };
}

/** Tells each problem once, although it is found again at each request. */
function onceEach(tell: (problem: CliaiError) => void): (problem: CliaiError) => void {
  const told = new Set<string>();
  return (problem) => {
    if (told.has(problem.message)) return;
    told.add(problem.message);
    tell(problem);
  };
}
