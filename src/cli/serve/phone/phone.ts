// This room is `cliai serve --phone`: a second socket, over TLS and in the local network, for phones that are signed in by a pairing code.
//
// Everything else stays as without it: the dashboard's own socket, NATS, and what the commands use are still on loopback.
import { X509Certificate } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import type { ServeSettings } from "../../../config/serve-settings.ts";
import { type Certificate, ensureOwnCertificate } from "../../../credentials/own-certificate.ts";
import { pairedBrowsers } from "../../../credentials/paired-browsers.ts";
import type { PhoneAddress } from "../../../data-dir/serve-file.ts";
import { definedOf } from "../../../domain/defined.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import type { Logger } from "../../../log.ts";
import { type HttpServer, serveHttp } from "../../../runtime.ts";
import type { AccessOptions } from "../../../web/access/access.ts";
import { hostsNamed } from "../../../web/access/guard.ts";
import { type AppOptions, createApp } from "../../../web/app.ts";
import { createStartupHandler } from "../startup-handler.ts";
import { namesOf } from "../web-exposure.ts";
import { findLocalAddress } from "./local-address.ts";
import { pairingRun } from "./pairing-words.ts";

export interface PhoneOptions {
  readonly settings: ServeSettings;
  /** The certificate of `--tls-cert`; without one, serve makes its own. */
  readonly tls: Certificate | undefined;
  readonly dataDir: string;
  readonly instance: string;
  readonly now: () => Date;
  readonly log: Logger;
  /** Default: those of this machine. */
  readonly interfaces?: ReturnType<typeof networkInterfaces>;
}

export interface Phone {
  readonly address: PhoneAddress;
  /** Answers with the dashboard from now on. @param access that of the dashboard's own socket */
  open(app: Omit<AppOptions, "access" | "isOwnHost">, access: AccessOptions): void;
}

/**
 * Binds the socket for phones; undefined without `--phone`. Without a local network, for example while the machine starts, it warns and returns
 * undefined, because everything else works.
 * @throws CliaiError `config_invalid` with `--insecure`, or for an address that this machine does not have; `port_taken`
 */
export async function startPhone(
  options: PhoneOptions,
  parts: AsyncDisposableStack,
): Promise<Phone | undefined> {
  const { settings, dataDir, instance, now, log } = options;
  if (!settings.phone) return undefined;
  const host = phoneHostOf(settings, options.interfaces ?? networkInterfaces());
  if (host === undefined) {
    log.warn(
      "--phone: this machine is in no network that a phone can be in, so the server takes no phones; connect it to one and start the server again, or name its address: --phone-host ADDRESS",
    );
    return undefined;
  }
  const made = { address: host, name: hostname(), now: now() };
  const tls = options.tls ?? (await ensureOwnCertificate(dataDir, made));
  const startupHandler = createStartupHandler(instance);
  const server = await listen(host, settings.phone_port, tls, startupHandler.fetch);
  parts.defer(() => server.stop());
  const { port } = server;
  const isOwn = options.tls === undefined;
  const address = {
    url: `https://${isOwn ? host : hostIn(tls.cert, host)}:${port}`,
    ...definedOf({ fingerprint: isOwn ? new X509Certificate(tls.cert).fingerprint256 : undefined }),
  };
  return {
    address,
    open: (app, access) => {
      const { makeToken } = pairedBrowsers(dataDir, now);
      const run = { instance: pairingRun(instance), port, secure: true, pairing: { makeToken } };
      const isOwnHost = hostsNamed([hostname(), ...namesOf(tls.cert)]);
      startupHandler.open(createApp({ ...app, access: { ...access, ...run }, isOwnHost }));
      parts.defer(() => startupHandler.close());
    },
  };
}

function phoneHostOf(
  { phone_host, insecure }: ServeSettings,
  interfaces: ReturnType<typeof networkInterfaces>,
): string | undefined {
  if (insecure) {
    throw new CliaiError("config_invalid", "--insecure with --phone would let in the whole network", {
      hint: "leave out one of the two",
    });
  }
  return phone_host ?? findLocalAddress(interfaces);
}

async function listen(
  host: string,
  port: number,
  tls: Certificate,
  fetch: Parameters<typeof serveHttp>[0]["fetch"],
): Promise<HttpServer> {
  try {
    return await serveHttp({ host, port, tls, fetch });
  } catch (cause) {
    if (cause instanceof CliaiError && cause.code === "port_taken") {
      throw new CliaiError("port_taken", `the port ${port} for phones is taken`, {
        hint: "end the program that uses it, or choose another port: --phone-port PORT",
        cause,
      });
    }
    throw new CliaiError("config_invalid", `cannot listen at ${host} for phones: ${messageOf(cause)}`, {
      hint: "name an address of this machine: --phone-host ADDRESS",
      cause,
    });
  }
}

/** The name in the certificate by which phones have to call this machine; its address, if the certificate is for that. */
function hostIn(cert: string, address: string): string {
  if (new X509Certificate(cert).checkIP(address) !== undefined) return address;
  return namesOf(cert).find((name) => !name.startsWith("*")) ?? address;
}
