/** A sentence with a capital letter. Not for one that may begin with the id of an agent, because ids are told apart by case. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
