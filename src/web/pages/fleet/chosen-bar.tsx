/** @jsxImportSource hono/jsx */
// The bar that acts on the agents whose boxes are checked in the table. Its buttons lead to a page that names the exact targets and asks.
import { Icon, type IconName } from "../parts/icon.tsx";

/** The boxes of the table belong to this form. */
export const chosenForm = "chosen";

export function ChosenBar() {
  return (
    <form id={chosenForm} method="get" action="/bulk/stop" class="chosen-bar" aria-label="Checked agents">
      <p id="chosen-what" role="status">
        With the checked agents:
      </p>
      <Act type="pause" icon="pause" label="Pause" />
      <Act type="resume" icon="play" label="Resume" />
      <Act type="stop" icon="stop" label="Stop" />
      <button type="reset">Uncheck all</button>
    </form>
  );
}

function Act({ type, icon, label }: { type: string; icon: IconName; label: string }) {
  return (
    <button
      type="submit"
      formaction={`/bulk/${type}`}
      class={type === "stop" ? "stop" : ""}
      data-label={label}
    >
      <Icon name={icon} />
      <span>{label} …</span>
    </button>
  );
}
