// Judges by its shape and its names whether an argument of a program may hold a secret, so that it is not written to a file.
import { redact } from "./redact.ts";

const words =
  "(?:api_?)?key|token|secret|pass|password|passwd|passphrase|pwd|pat|cookie|credentials?|authorization|bearer";
const camelWords = "[a-z](?:Key|Token|Secret|Password|Credentials?)";
const value = `["']?\\s*[=:]\\s*["']?[^\\s"']`;

const signs: readonly RegExp[] = [
  // A flag such as --api-key or --authToken, also where its value is the next argument.
  new RegExp(`^-+(?:[^=\\s]*[-_])?(?:${words})(?:[-_=]|$)`, "i"),
  new RegExp(`^-[^=\\s]*${camelWords}(?:=|$)`),
  // A name with a value, such as X_API_KEY=…, "token": "…" or authToken: ….
  new RegExp(`(?:^|[^a-z])(?:${words})${value}`, "i"),
  new RegExp(`${camelWords}${value}`),
  // Such as PGPASSWORD=….
  new RegExp(`[A-Z](?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|PAT)${value}`),
];

/** In doubt true: even a flag that only names the file of a key counts as a secret. */
export function holdsSecret(argument: string): boolean {
  return signs.some((sign) => sign.test(argument)) || redact(argument) !== argument;
}
