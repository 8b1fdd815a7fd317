// Decides how others can reach the dashboard: what `serve` demands for `--host`, its certificate, and the host names that it
// answers to.

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { ServeSettings } from "../../config/serve-settings.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { isLoopback, loopback } from "../../domain/wire/own-address.ts";
import type { ServerTls } from "../../nats/child/server-config.ts";
import { type HostRule, hostsNamed } from "../../web/access/guard.ts";
import type { CliContext } from "../frame/context.ts";

export interface WebExposure {
  readonly scheme: "http" | "https";
  /** PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly isOwnHost: HostRule;
  /** How our own nats-server listens: without TLS only on loopback. */
  readonly nats: {
    readonly host: string;
    readonly tls: ServerTls | undefined;
    /** The certificates that its clients trust; empty without TLS. */
    readonly trust: string;
  };
}

/**
 * @throws CliaiError `config_invalid` if others can reach `--host` and there is no `--token-file`, or there is `--insecure`; and
 * if the certificate or key cannot be used
 */
export async function planWebExposure(
  settings: ServeSettings,
  { cwd, log }: Pick<CliContext, "cwd" | "log">,
): Promise<WebExposure> {
  const { host, token_file, tls_cert, tls_key, insecure } = settings;
  const isExposed = !isLoopback(host);
  if (isExposed && insecure) {
    throw new CliaiError(
      "config_invalid",
      `--insecure with --host "${host}" would let in the whole network`,
      {
        hint: "leave out one of the two",
      },
    );
  }
  if (isExposed && token_file === undefined) {
    throw new CliaiError(
      "config_invalid",
      `others can reach --host "${host}", and no --token-file is given`,
      {
        hint: "openssl rand -base64 32 > FILE, then: cliai serve --host … --token-file FILE --tls-cert FILE --tls-key FILE",
      },
    );
  }
  const tls = await readTls(settings, cwd);
  if (isExposed && tls === undefined) {
    log.warn(
      `--host "${host}" without --tls-cert and --tls-key: whoever listens on the network can read the token and everything else`,
    );
  }
  const names = [host, hostname(), ...(tls === undefined ? [] : namesOf(tls.cert))];
  const natsTls = insecure ? undefined : tls;
  return {
    scheme: tls === undefined ? "http" : "https",
    tls,
    isOwnHost: isExposed || tls !== undefined ? hostsNamed(names) : isLoopback,
    nats: {
      host: natsTls === undefined ? loopback : host,
      tls: natsTls && { certPath: resolve(cwd, tls_cert ?? ""), keyPath: resolve(cwd, tls_key ?? "") },
      trust: natsTls === undefined ? "" : `${natsTls.cert.trim()}\n${await readCa(settings, cwd)}`,
    },
  };
}

async function readTls({ tls_cert, tls_key }: ServeSettings, cwd: string): Promise<WebExposure["tls"]> {
  if (tls_cert === undefined || tls_key === undefined) {
    if (tls_cert === tls_key) return undefined;
    const [given, missing] = tls_cert === undefined ? ["tls-key", "tls-cert"] : ["tls-cert", "tls-key"];
    throw new CliaiError("config_invalid", `--${given} is given without --${missing}`, {
      hint: "give both",
    });
  }
  const [cert, key] = await Promise.all([
    readPem(tls_cert, "tls-cert", cwd),
    readPem(tls_key, "tls-key", cwd),
  ]);
  try {
    new X509Certificate(cert);
  } catch (cause) {
    throw new CliaiError("config_invalid", `--tls-cert "${tls_cert}" is not a certificate in PEM form`, {
      hint: "name the file with BEGIN CERTIFICATE",
      cause,
    });
  }
  return { cert, key };
}

/** The certificate of the private authority that signed `--tls-cert`; empty if there is none. */
async function readCa({ tls_ca, tls_cert }: ServeSettings, cwd: string): Promise<string> {
  if (tls_ca === undefined) return "";
  if (tls_cert === undefined) {
    throw new CliaiError("config_invalid", "--tls-ca is given without --tls-cert", { hint: "leave it out" });
  }
  return await readPem(tls_ca, "tls-ca", cwd);
}

async function readPem(path: string, flag: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    throw new CliaiError("config_invalid", `cannot read --${flag} "${path}": ${messageOf(cause)}`, {
      hint: "name an existing file that you can read",
      cause,
    });
  }
}

/** The host names in a certificate. */
export function namesOf(cert: string): string[] {
  const { subjectAltName = "" } = new X509Certificate(cert);
  return [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].flatMap(([, name]) =>
    name === undefined ? [] : [name],
  );
}
