/** @jsxImportSource hono/jsx */
// How many commands and messages an agent has not taken yet; nothing when it has taken all.
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
