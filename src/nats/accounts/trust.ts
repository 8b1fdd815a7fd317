// Which certificates a NATS connection trusts beside this machine's authorities: those that follow the credentials in a
// `.creds` file. So an agent needs one file only.
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { ErrorCode, type TlsOptions } from "nats";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";

/** Handed on to `tls.connect` by the package `nats` (2.29), whose own type knows neither a list nor a name. */
type TrustOptions = TlsOptions & { readonly servername?: string };

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Each in PEM form; the first is nats-server's own, where it is there. */
export function certificatesIn(text: string): string[] {
  return text.match(certificate) ?? [];
}

/**
 * Undefined where neither the address nor the credentials ask for TLS. Where one does, a nats-server without is refused.
 * @param creds the text of a `.creds` file
 * @throws CliaiError `config_invalid` for a certificate in it that is damaged
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

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new CliaiError("config_invalid", "the certificate in the credentials is damaged", {
      hint: "make them anew: cliai agents add ID",
      cause,
    });
  }
}

/** The name to check the certificate for: it names this machine as others know it, while we connect to 127.0.0.1. */
function nameToAskFor({ subjectAltName = "" }: X509Certificate, url: string): string | undefined {
  const host = URL.parse(url.split(",")[0]?.trim() ?? "")?.hostname ?? "";
  const names = [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name ?? "");
  return names.includes(host) ? host : names[0]?.replace("*", "cliai");
}

/** The same error, or one with a remedy if the certificate is missing or not trusted. */
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
    hint: "make new credentials, which name the present certificate: cliai agents add ID, or cliai spawn",
    cause: error,
  });
}
