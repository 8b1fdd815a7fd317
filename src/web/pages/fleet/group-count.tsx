/** @jsxImportSource hono/jsx */
// How many agents a group has.
export function GroupCount({ id, count }: { id: string; count: number }) {
  return (
    <span id={`count-${id}`} class="count">
      {count}
    </span>
  );
}
