/** @jsxImportSource hono/jsx */
// The number of commands and messages that an agent has not taken yet; nothing if there are none.
import { Icon } from "./icon.tsx";

export function Unread({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span class="unread" title={`${count} commands or messages wait in its inbox`}>
      <Icon name="mail" />
      {count} unread
    </span>
  );
}
