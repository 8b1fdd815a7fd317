/** @jsxImportSource hono/jsx */
// The number of commands and messages that wait in an agent's queue; nothing if there are none.
import { Icon } from "./icon.tsx";

export function Queued({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span class="queued" title={`${count} commands or messages wait in its queue`}>
      <Icon name="mail" />
      {count} queued
    </span>
  );
}
