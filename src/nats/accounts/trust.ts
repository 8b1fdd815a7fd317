// The certificates that a NATS connection trusts besides the public authorities. They follow the credentials in the `.creds`
// file, so that an agent needs only one file.
import { X509Certificate } from "node:crypto";
import { checkServerIdentity, rootCertificates } from "node:tls";
import { ErrorCode, type TlsOptions } from "nats";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";

/** The package `nats` (2.29) passes these options on to `tls.connect`, but its own type lacks some of them. */
type TrustOptions = TlsOptions & {
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
  readonly checkServerIdentity?: typeof checkServerIdentity;
};

/** Accepts any certificate. Nothing secret may be sent over such a connection, and no answer believed that does not prove itself. */
export const acceptAny: TrustOptions = { rejectUnauthorized: false };

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates in the text, each in PEM form. The first one is nats-server's own. */
export function certificatesIn(text: string): string[] {
  return text.match(certificate) ?? [];
}

/**
 * The TLS options of a connection. Undefined if neither the URL nor the credentials ask for TLS. If one does, a nats-server
 * without TLS is refused.
 * @param creds the text of a `.creds` file
 * @throws CliaiError `config_invalid` if a certificate in it is damaged
 */
export function trustOptions(url: string, creds = ""): TrustOptions | undefined {
  const certificates = certificatesIn(creds);
  const [first] = certificates;
  if (first === undefined) return /(^|,)\s*tls:/.test(url) ? {} : undefined;
  const name = nameToAskFor(readCertificate(first), url);
  return {
    ca: [...rootCertificates, ...certificates].join("\n"),
    ...(name === undefined ? {} : { servername: name }),
  };
}

/**
 * The same options, for a server whose certificate is the first of these and no other one, whoever has signed it.
 * @throws CliaiError `config_invalid` if that certificate is damaged
 */
export function onlyFirst(options: TrustOptions, certificates: string): TrustOptions {
  const [first] = certificatesIn(certificates);
  if (first === undefined) return options;
  const own = readCertificate(first).raw;
  return {
    ...options,
    checkServerIdentity: (host, peer) =>
      checkServerIdentity(host, peer) ?? (own.equals(peer.raw) ? undefined : new OtherCertificateError()),
  };
}

class OtherCertificateError extends Error {
  readonly code = "CERT_IS_ANOTHER";
  override readonly message = "it is not the server's own certificate";
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new CliaiError("config_invalid", "the certificate in the credentials is damaged", {
      hint: "make new credentials: cliai agents add ID; a machine that has joined joins anew",
      cause,
    });
  }
}

/** The host name for which to check the certificate. It must be a name in the certificate, and we may connect to 127.0.0.1, which is not in it. */
function nameToAskFor({ subjectAltName = "" }: X509Certificate, url: string): string | undefined {
  const host = URL.parse(url.split(",")[0]?.trim() ?? "")?.hostname ?? "";
  const names = [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name ?? "");
  return names.includes(host) ? host : names[0]?.replace("*", "cliai");
}

/** Returns an error with a remedy if the server has no TLS or its certificate is not trusted; else the same error. */
export function explainDistrust(error: unknown, url: string): unknown {
  const { code } = error as { code?: unknown };
  if (code === ErrorCode.ServerOptionNotAvailable) {
    return new CliaiError("refused", `the nats-server at ${url} does not speak TLS; nothing was sent to it`, {
      hint: "use the address that the credentials are for, or nats:// with credentials without a certificate",
      cause: error,
    });
  }
  if (typeof code !== "string" || !/CERT|UNABLE_TO_VERIFY/.test(code)) return error;
  return new CliaiError("refused", `the certificate at ${url} is not trusted: ${messageOf(error)}`, {
    hint: "make new credentials, which name the present certificate: cliai agents add ID, or cliai spawn; a machine that has joined joins anew",
    cause: error,
  });
}
