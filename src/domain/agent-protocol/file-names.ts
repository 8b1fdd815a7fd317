// Makes names of files out of the names that callers give their attachments.

const mostCharacters = 100;
/** File systems take 255 bytes, and a character has up to 4. */
const mostBytes = 200;
const utf8 = new TextEncoder();
/** Names that Windows gives to devices, whatever extension follows. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * A name for each attachment: no path, no control characters, nothing that a system or a shell treats in a way of its own at the beginning,
 * at most 100 characters and 200 bytes, and no two alike, also where upper and lower case are the same.
 */
export function cleanFileNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const clean = cleanFileName(name);
    let free = clean;
    for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = numbered(clean, n);
    taken.add(free.toLowerCase());
    return free;
  });
}

function cleanFileName(given: string): string {
  const last = given.toWellFormed().normalize("NFC").split(/[/\\]/).at(-1) ?? "";
  const plain = last
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .replaceAll(/[<>:"|?*$`'&;(){}[\]!#%^~\s]+/g, "_")
    .replace(/^[.\-_]+/, "")
    .replace(/[. ]+$/, "");
  const name = plain === "" ? "attachment" : device.test(plain) ? `file-${plain}` : plain;
  const [stem, extension] = partsOf(name);
  return fitted(stem, extension);
}

/** The whole end, and as much of the stem as there is room for. @param end of ASCII alone */
function fitted(stem: string, end: string): string {
  let characters = mostCharacters - end.length;
  let bytes = mostBytes - end.length;
  let kept = "";
  for (const character of stem) {
    characters -= 1;
    bytes -= utf8.encode(character).length;
    if (characters < 0 || bytes < 0) break;
    kept += character;
  }
  // Windows drops dots at the end of a name.
  return (end === "" ? kept.replace(/\.+$/, "") : kept) + end;
}

function numbered(name: string, n: number): string {
  const [stem, extension] = partsOf(name);
  return fitted(stem, `-${n}${extension}`);
}

/** The extension with its dot, if it is a short one. */
function partsOf(name: string): [stem: string, extension: string] {
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? "";
  return [name.slice(0, name.length - extension.length), extension];
}
