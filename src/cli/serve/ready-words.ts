// What serve prints when it is ready: a line for a person, or JSON.
import type { ServeFile } from "../../data-dir/serve-file.ts";
import { definedOf } from "../../domain/defined.ts";
import { redact } from "../../domain/text/redact.ts";
import { loginPath } from "../../web/access/access.ts";
import { resumingWords } from "../background/background-serve.ts";
import type { CliContext } from "../frame/context.ts";
import { pairingWords, pairUrlOf } from "./phone/pairing-words.ts";

export function loginUrlOf({ url, instance }: ServeFile, token: string, now: Date): string {
  return new URL(loginPath(token, instance, now), url).href;
}

/** @param token the HTTP token, with which the addresses that sign in are made @param log the path of the log of a server in the background */
export function printReady(
  server: ServeFile,
  token: string | undefined,
  context: CliContext,
  log?: string,
): void {
  const loginUrl = token && loginUrlOf(server, token, context.now());
  const pairUrl = token && pairUrlOf(server, token, context.now());
  if (context.json) {
    context.print(readyJson(server, loginUrl, definedOf({ log, pair_url: pairUrl })));
    return;
  }
  context.print(readyLine(server, loginUrl, log === undefined ? "" : `pid ${server.pid}, log ${log}`));
  if (pairUrl !== undefined) context.print(pairingWords(pairUrl, server, context));
}

export function readyLine(server: ServeFile, loginUrl: string | undefined, process = ""): string {
  const { url, nats_url, data_dir } = server;
  const once =
    loginUrl === undefined
      ? ""
      : "; this address works once, within ten minutes; for another: cliai token url";
  const more = (process === "" ? "" : `, ${process}`) + resumingWords(server);
  return `cliai is ready: ${loginUrl ?? url} (NATS at ${redact(nats_url)}, data in ${data_dir}${more}${once})`;
}

export function readyJson(
  file: ServeFile,
  loginUrl: string | undefined,
  more: { readonly log?: string; readonly pair_url?: string } = {},
): string {
  const { url, nats_url, data_dir, version, nats_version, pid, resuming } = file;
  const ready = { ready: true, url, nats_url: redact(nats_url), data_dir, version, nats_version, pid };
  return JSON.stringify({ ...ready, ...more, ...definedOf({ login_url: loginUrl, resuming }) });
}
