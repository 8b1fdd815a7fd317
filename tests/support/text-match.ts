// How the test support compares text with what a test wants to see.

/** A text to contain, or a pattern to find somewhere. */
export type TextMatch = string | RegExp;

export function hasMatch(text: string, wanted: TextMatch): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : text.search(wanted) >= 0;
}
