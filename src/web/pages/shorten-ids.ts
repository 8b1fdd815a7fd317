// Ids that are UUIDs, cut to what a person compares; the whole goes into a title beside.

const uuid = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** The first eight digits of each UUID in a text. */
export function shortenIds(text: string): string {
  return text.replace(uuid, "$1");
}
