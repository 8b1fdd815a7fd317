// Shortens UUIDs to the part that a person compares. The caller puts the whole text into a title.

const uuid = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** Replaces each UUID in a text with its first eight digits. */
export function shortenIds(text: string): string {
  return text.replace(uuid, "$1");
}
