// Goes to another page as a click on a link does, so that a page that must not be left now is not left.

/**
 * @param {string} href a path of this server
 * @param {boolean} [acts] whether the page is one whose form acts
 */
export function follow(href, acts = false) {
  const link = document.createElement("a");
  link.href = href;
  link.hidden = true;
  link.toggleAttribute("data-acts", acts);
  document.body.append(link);
  link.click();
  link.remove();
}
