// Why a turn failed, from the HTTP status or the words with which the model's server answered. Pure.
import type { FailureWord } from "./wire/event-messages.ts";

/** Undefined for a status that does not say why. */
export function failureOfStatus(status: number | undefined): FailureWord | undefined {
  if (status === undefined) return undefined;
  if (status === 401 || status === 403) return "authentication";
  if (status === 402 || status === 429) return "usage_limit";
  if (status === 503 || status === 529) return "overloaded";
  return status >= 500 ? "server" : undefined;
}

/** The forms in which words name a status: `HTTP 503`, `status 429`, `Last error: 401`, `500 oops`. */
const statusForms = [
  /\bHTTP (\d{3})\b/i,
  /\b(?:status(?: code)?|error):? (\d{3})\b/i,
  /^\W*([45]\d\d)\b(?! tokens)/,
];

/**
 * Other forms, in which a number is probably a status: `cannot answer yet (503 Loading model)`, and a number before which no other stands. They do
 * not count if the words are about the length of the conversation, because such a number may be a count of tokens.
 */
const looseStatusForms = [/\(([45]\d\d)\b(?! tokens)/, /^\D*\b([45]\d\d)\b(?! tokens)/];

const aboutContext =
  /context.{0,20}(?:length|window|size|limit|exceed)|(?<!\btook )too long|maximum.*tokens|tokens.*maximum/i;
/** Not "author", "authority" or "authentic", and no "blog in". */
const aboutAuthentication =
  /auth(?!or(?:s|ed|ing|ship|it\w*)?\b|entic(?:ity|ally)?\b)|credential|api.?key|\blog.?in\b/i;

/** Only words of a limit, because it holds the whole account: not "high usage", "Usage: foo", or "accredited". */
const aboutLimit = new RegExp(
  [
    /\b(?:usage|rate|spend(?:ing)?|session|weekly|\d+-hour).{0,10}limit/,
    /(?:hit|reached|exceeded) your (?:\w+ ){0,2}limit/,
    /too many requests|resource.?exhausted/,
    /\bquota.{0,20}(?:exceeded|reached|exhausted|used up|will reset)/,
    /(?:exceed|exhaust|reach|used up|out of|insufficient|no ).{0,30}\b(?:quota|capacity on this model)/,
    /insufficient.?(?:quota|credits?|funds)|credit balance/,
    /(?:out of|no(?: more)?|used up).{0,20}\b(?:usage|credits|requests)\b/,
    /requests are used up|billing.(?:hard.limit|error|limit)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);

/** Words that name the cause. The order matters, because words about a usage limit may name tokens, too. */
const wordForms: readonly (readonly [RegExp, FailureWord])[] = [
  [aboutAuthentication, "authentication"],
  [/overloaded|unavailable/i, "overloaded"],
  [aboutLimit, "usage_limit"],
  [aboutContext, "context"],
  [/server.?error/i, "server"],
];

/** Why the turn failed, by the words of a service, which may name its HTTP status. `other` if they do not say why. */
export function failureOfWords(words: string): FailureWord {
  const forms = aboutContext.test(words) ? statusForms : [...statusForms, ...looseStatusForms];
  const status = forms.map((form) => form.exec(words)?.[1]).find((found) => found !== undefined);
  const known = failureOfStatus(status === undefined ? undefined : Number(status));
  // llama.cpp answers with status 500 if the context is full while it writes: there the words say more.
  if (known !== undefined && !(known === "server" && aboutContext.test(words))) return known;
  return wordForms.find(([form]) => form.test(words))?.[1] ?? "other";
}
