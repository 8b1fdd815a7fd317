// Reads the `.creds` file of a connection at its start and before each new try. New credentials therefore count from the
// next try on, and a file that is just being replaced ends no connection.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Authenticator, credsAuthenticator } from "nats";
import { CliaiError } from "../../domain/text/errors.ts";

/** @throws CliaiError `config_invalid`, naming the file */
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
 * Answers nats-server's challenge by what the file holds at that moment; by the last that it held where it is away or cut
 * short. nats 2.29 closes the connection for good when an authenticator throws.
 * @param text what the file held when the connection began
 * @param path left out for credentials that are in no file
 */
export function credentialsAuthenticator(text: string, path: string | undefined): Authenticator {
  let last = text;
  return credsAuthenticator(() => {
    last = (path === undefined ? undefined : readWhole(path)) ?? last;
    return utf8.encode(last);
  });
}

const utf8 = new TextEncoder();
/** The line that ends the second part, the key. */
const lastLine = /-+END USER NKEY SEED-+/;

function readWhole(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return lastLine.test(text) ? text : undefined;
  } catch {
    return undefined; // being written anew: the next try reads it again
  }
}
