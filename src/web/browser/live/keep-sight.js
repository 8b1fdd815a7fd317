// Keeps the field in which a person types where it is in the window, while other parts of the page grow or shrink.

/** @param {() => void} change changes the page */
export function keepSight(change) {
  const field = document.activeElement;
  const isField = field?.matches("input, textarea, select") === true;
  const before = isField ? field.getBoundingClientRect().top : 0;
  change();
  if (!isField || !field.isConnected || before < 0 || before > innerHeight) return;
  const moved = field.getBoundingClientRect().top - before;
  if (Math.abs(moved) >= 1) scrollBy(0, moved);
}
