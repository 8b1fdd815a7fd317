// Makes the named tokens of phones that are signed in by a pairing code: `phone`, `phone-2`, and so on.
import { type NamedToken, pairedScopes } from "../domain/access/token-scopes.ts";
import { addNamedToken, takenTokenNames } from "./named-tokens.ts";

const firstName = "phone";
const lastsMs = 90 * 24 * 3_600_000;

export interface PairedBrowsers {
  /**
   * Makes a token that lasts 90 days, under the first name that is free.
   * @throws what `addNamedToken` throws
   */
  makeToken(): Promise<NamedToken & { readonly token: string }>;
}

export function pairedBrowsers(dataDir: string, now: () => Date): PairedBrowsers {
  // One after the other, because two at the same time would find the same name free.
  let last: Promise<unknown> = Promise.resolve();
  const make = () => {
    const taken = takenTokenNames(dataDir).map((name) => name.toLowerCase());
    let name = firstName;
    for (let number = 2; taken.includes(name); number += 1) name = `${firstName}-${number}`;
    const expiresAt = new Date(now().getTime() + lastsMs);
    return addNamedToken(dataDir, { name, scopes: pairedScopes, expiresAt, browser: true, now: now() });
  };
  return {
    makeToken: () => {
      const made = last.then(make);
      last = made.catch(() => undefined); // whoever asked has the error
      return made;
    },
  };
}
