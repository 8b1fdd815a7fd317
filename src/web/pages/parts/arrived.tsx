/** @jsxImportSource hono/jsx */
// The line that says what has come since the page was made, with a link that shows it. It has a height of its own even when nothing has
// come, so that nothing on the page moves. With scripts, the link shows the parts in place, and `Follow` shows them as they come.

export interface ArrivedProps {
  readonly id: string;
  /** The ids of the elements that have what is new, with a space between them. */
  readonly shows: string;
  /** The address of the same page, as it is now. */
  readonly href: string;
  /** What has come: `3 new lines`; undefined if nothing has. */
  readonly what: string | undefined;
}

/**
 * `1 new line`, `3 new lines`, `more than 100 new lines`; undefined if nothing has come.
 * @param most how many are counted
 */
export function arrivedText(
  count: number,
  most: number,
  [one, several]: readonly [string, string],
): string | undefined {
  if (count === 0) return undefined;
  if (count > most) return `more than ${most} ${several}`;
  return `${count} ${count === 1 ? one : several}`;
}

export function Arrived({ id, shows, href, what }: ArrivedProps) {
  return (
    <div id={id} class="arrived">
      {what === undefined ? (
        <span class="quiet">Nothing new</span>
      ) : (
        <a class="button" href={href} data-shows={`${id} ${shows}`}>
          Show {what}
        </a>
      )}
      <label id={`${id}-follow`} class="follow">
        <input type="checkbox" data-follow /> Follow
      </label>
    </div>
  );
}
