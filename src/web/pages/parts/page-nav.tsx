/** @jsxImportSource hono/jsx */
// The links to the pages, on every page. The inbox has its own link in the bar, with its count.
import { SystemLink } from "../system/system-link.tsx";

const pages = [
  ["/", "Fleet"],
  ["/messages", "Messages"],
  ["/timeline", "Timeline"],
  ["/costs", "Costs"],
  ["/report", "Report"],
] as const;

/** @param path the path of the present page @param troubles how many things of the system need attention */
export function PageNav({ path, troubles }: { path: string; troubles: number }) {
  return (
    <nav class="pages" aria-label="Pages">
      {pages.map(([href, name]) => (
        <a href={href} aria-current={path === href ? "page" : undefined}>
          {name}
        </a>
      ))}
      <SystemLink troubles={troubles} isCurrent={path === "/system"} />
      <button type="button" class="keys-button" data-palette title="Ctrl-K, or ⌘K">
        Go to …
      </button>
      <button type="button" class="keys-button keyboard" data-keys-help>
        Keys <kbd>?</kbd>
      </button>
    </nav>
  );
}
