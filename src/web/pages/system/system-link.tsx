/** @jsxImportSource hono/jsx */
// The link to the system page, on every page.
import { Icon } from "../parts/icon.tsx";

/** It shows how many things are not as they should be. */
export function SystemLink({ troubles, isCurrent }: { troubles: number; isCurrent: boolean }) {
  return (
    <a
      id="system-link"
      href="/system"
      class={troubles > 0 ? "wanted" : undefined}
      aria-current={isCurrent ? "page" : undefined}
    >
      {troubles > 0 && <Icon name="alert" />}
      System
      {troubles > 0 && (
        <span class="count">
          {troubles}
          <span class="unseen"> {troubles === 1 ? "thing needs" : "things need"} attention</span>
        </span>
      )}
    </a>
  );
}
