// Removes secrets from text that people read, such as log lines and error messages. It recognises secrets by their shape
// only, so it is the last guard: do not put secrets into messages in the first place.

type Shape = readonly [shape: RegExp, instead: string | ((found: string, rest?: string) => string)];

/** An agent may have written the text, so no shape may be slow on any text: it either replaces all that it reads, or reads few characters. */
const shapes: readonly Shape[] = [
  // The user and password of a URL; NATS takes a token in the same place.
  [/([a-z0-9+.-]:\/\/)[^\s/@"'<>]+@/gi, "$1***@"],
  [/\b(Bearer|Basic) +[\w.~+/=-]{12,}/gi, "$1 ***"],
  [/-----BEGIN ([A-Z ]{0,40}(?:PRIVATE KEY|JWT|SEED)[A-Z ]{0,40})-----[\s\S]*?(?:END \1-*|$)/g, "***"],
  // Seeds of NATS keys: accounts, clusters, operators, servers, users, and curve keys.
  [/\bS[ACNOUX][A-Z2-7]{56}\b/g, "***"],
  // A token of three parts. A text that begins like one, but has no second part, is kept.
  [/\beyJ[\w-]{8,}(\.[\w-]+\.[\w-]*)?/g, (found, rest) => (rest === undefined ? found : "***")],
  // Sessions and login codes of the dashboard.
  [/\b\d{9,12}\.[\w-]{22}\.[\w-]{43}/g, "***"],
  [/([?&](?:code|token|access_token|password|secret|api_key)=)[^&\s"'#]+/gi, "$1***"],
  // A named token of the HTTP API.
  [/\bcliai_[\w-]{43}/g, "***"],
  // The address of the gate before a model server.
  [/\bmodel-gate-[\w-]{32}/g, "***"],
  [/\bsk-[\w-]{16,}/g, "***"],
  // Tokens of GitHub, GitLab, Hugging Face, Slack; keys of AWS and Google.
  [/\b(?:gh[opsru]_|github_pat_|glpat-|hf_|xox[abeoprs]-)[\w-]{16,}/g, "***"],
  [/\bA(?:KIA|SIA)[A-Z0-9]{16}\b|\bAIza[\w-]{35}/g, "***"],
  // Variables of any program: OPENAI_API_KEY, GITHUB_TOKEN, AWS_SECRET_ACCESS_KEY; also in JSON, where quotation marks may be escaped.
  [/\b([A-Z][A-Z0-9]*_[A-Z0-9_]*(?:KEY|TOKEN|SECRET)\\?["']?\s*[=:]\s*)\\?["']?[^\s"']+/g, "$1***"],
];

/** The same text with `***` in place of each secret. */
export function redact(text: string): string {
  return shapes.reduce(
    (kept, [shape, instead]) =>
      typeof instead === "string" ? kept.replace(shape, instead) : kept.replace(shape, instead),
    text,
  );
}
