// A self-signed certificate, which is valid for a day, and its key, for tests that speak TLS.
import { execFileSync } from "node:child_process";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import type { TempDir } from "./temp-dir.ts";

export interface TestCertificate {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  readonly key: string;
}

/** @param names the certificate's names, such as `DNS:fleet.example` */
export async function makeCertificate(dir: TempDir, names: readonly string[]): Promise<TestCertificate> {
  const [certPath, keyPath] = [dir.join("cert.pem"), dir.join("key.pem")];
  const subject = ["-subj", "/CN=cliai test", "-addext", `subjectAltName=${names.join(",")}`];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", keyPath, "-out", certPath], {
    stdio: "ignore",
  });
  const [cert, key] = await Promise.all([readFile(certPath, "utf8"), readFile(keyPath, "utf8")]);
  return { certPath, keyPath, cert, key };
}

/** A certificate that another one has signed, as an authority does. That one follows it in the file. */
export async function issueCertificate(
  dir: TempDir,
  names: readonly string[],
  by: TestCertificate,
): Promise<TestCertificate> {
  const [certPath, keyPath] = [dir.join("cert.pem"), dir.join("key.pem")];
  const [requestPath, namesPath] = [dir.join("request.pem"), dir.join("names")];
  const kind = ["-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const run = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  run("req", ...kind, "-subj", "/CN=cliai issued", "-keyout", keyPath, "-out", requestPath);
  await writeFile(namesPath, `subjectAltName=${names.join(",")}\n`);
  const signer = ["-CA", by.certPath, "-CAkey", by.keyPath, "-CAcreateserial", "-days", "1"];
  run("x509", "-req", "-in", requestPath, ...signer, "-extfile", namesPath, "-out", certPath);
  await appendFile(certPath, by.cert);
  const [cert, key] = await Promise.all([readFile(certPath, "utf8"), readFile(keyPath, "utf8")]);
  return { certPath, keyPath, cert, key };
}
