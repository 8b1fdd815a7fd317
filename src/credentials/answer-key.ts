// The key that signs the links of notices by which their recipients answer requests. It is made once, in `keys/answer-links`. Whoever removes it
// makes all links void that were sent before; the next start makes another.
import { randomBytes } from "node:crypto";
import { ensureKeptKeys } from "./kept-keys.ts";

/** 256 bits in base64url. */
const keyPattern = /^[\w-]{43}$/;

/** @throws CliaiError as {@link ensureKeptKeys} */
export async function ensureAnswerKey(dataDir: string): Promise<string> {
  return await ensureKeptKeys(dataDir, {
    file: "answer-links",
    what: "key for links that answer",
    withoutThem: "links that were sent before answer nothing",
    parse(content) {
      const key = new TextDecoder().decode(content).trim();
      if (!keyPattern.test(key)) throw new Error("it is not 256 bits in base64url");
      return key;
    },
    make: () => `${randomBytes(32).toString("base64url")}\n`,
  });
}
