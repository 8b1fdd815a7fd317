// Cuts a long text to its beginning, or to its first line. Pure.

const summaryLength = 200;

/** The first 200 characters of a text, for a list. */
export function summaryOf(text: string): string {
  return beginningOf(text, summaryLength);
}

/** The first line of a text, without the space around it. */
export function firstLineOf(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

/** The beginning of a text, whole when short; never cut inside a character. */
export function beginningOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return `${cut.isWellFormed() || !text.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
