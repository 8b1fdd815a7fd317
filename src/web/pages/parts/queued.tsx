/** @jsxImportSource hono/jsx */
// The number of commands and messages that wait in an agent's queue; nothing if there are none.
import { Icon } from "./icon.tsx";

/** @param isShort only the icon and the number, for a narrow column */
export function Queued({ count, isShort = false }: { count: number; isShort?: boolean }) {
  if (count === 0) return null;
  return (
    <span class="queued" title={`${count} commands or messages wait in its queue`}>
      <Icon name="mail" />
      {count}
      {isShort ? <span class="unseen"> queued</span> : " queued"}
    </span>
  );
}
