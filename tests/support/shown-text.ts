/** The words of a page or a part of one, as a reader sees them: without its head, its pictures and its tags. */
export function shownText(html: string): string {
  return html.replace(/<(head|svg)\b[\s\S]*?<\/\1>|<[^>]+>/g, " ").replace(/\s+/g, " ");
}
