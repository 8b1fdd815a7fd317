// Reads the `.creds` file when a connection starts and before each try to reconnect. So new credentials are used from the next
// try on, and a connection survives a moment in which the file is being replaced.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Authenticator, credsAuthenticator } from "nats";
import { CliaiError } from "../../domain/text/errors.ts";
import { readKeyPair } from "./key-pair.ts";

/** @throws CliaiError `config_invalid` with the path, if the file cannot be read */
export async function readCredentials(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CliaiError("config_invalid", `cannot read the credentials ${path}`, {
      hint: "name the .creds file that `cliai spawn` wrote for this agent",
      cause,
    });
  }
}

/**
 * Answers nats-server's challenge with the present content of the file. If the file is missing or incomplete, it uses the last
 * content, because nats 2.29 closes the connection for good when an authenticator throws.
 * @param text the content of the file when the connection began
 * @param path undefined for credentials that are not in a file
 */
export function credentialsAuthenticator(text: string, path: string | undefined): Authenticator {
  let last = text;
  return (nonce) => {
    last = (path === undefined ? undefined : readWhole(path)) ?? last;
    const [jwt, seed] = partsOf(last);
    // Of what is not credentials, the package says so.
    if (jwt === undefined || seed === undefined) return credsAuthenticator(utf8.encode(last))(nonce);
    const user = readKeyPair(utf8.encode(seed));
    const sig = nonce ? Buffer.from(user.sign(utf8.encode(nonce))).toString("base64") : "";
    return { jwt, nkey: user.getPublicKey(), sig };
  };
}

/** The claims and the seed in the text of a `.creds` file, found as the package `nats` finds them. */
function partsOf(text: string): string[] {
  const part = /\s*-{3,}[^\n]*-{3,}\n(.+)\n\s*-{3,}[^\n]*-{3,}\n/g;
  return [...text.matchAll(part)].map(([, inside = ""]) => inside.trim());
}

const utf8 = new TextEncoder();
/** The last line of a complete file: the end of its second part, the key. */
const lastLine = /-+END USER NKEY SEED-+/;

function readWhole(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return lastLine.test(text) ? text : undefined;
  } catch {
    return undefined; // the file is being replaced; the next try reads it again
  }
}
