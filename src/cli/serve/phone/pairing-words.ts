// What serve and `cliai token pair` print for a phone: the QR code, its address, and what to compare.
import { encode } from "uqr";
import type { ServeFile } from "../../../data-dir/serve-file.ts";
import { pairPath } from "../../../web/access/pairing.tsx";
import type { CliContext } from "../../frame/context.ts";

/** The id of the run under which pairing codes count. It is not that of login codes, so that none of them counts in the other's place. */
export function pairingRun(instance: string): string {
  return `${instance} phone`;
}

/** The address that signs a phone in once, within ten minutes; undefined without `--phone`. */
export function pairUrlOf({ phone, instance }: ServeFile, token: string, now: Date): string | undefined {
  return phone && new URL(pairPath(token, pairingRun(instance), now), phone.url).href;
}

/** @param pairUrl from {@link pairUrlOf} */
export function pairingWords(
  pairUrl: string,
  { phone }: Pick<ServeFile, "phone">,
  { isTerminal, columns, color }: Pick<CliContext, "isTerminal" | "columns" | "color">,
): string {
  const code = isTerminal ? qrLines(pairUrl, color) : [];
  const fits = code.length > 0 && code.length * 2 <= columns + 1;
  const how = fits
    ? "a phone in the same network signs in by this code, once, within ten minutes:"
    : "a phone in the same network signs in by this address, once, within ten minutes:";
  const { fingerprint } = phone ?? {};
  const warning =
    fingerprint === undefined
      ? []
      : [
          "The phone does not know the certificate, which cliai has made, and warns. Go on only if the SHA-256 fingerprint that it shows is",
          fingerprint,
        ];
  return [how, ...(fits ? code : []), pairUrl, ...warning].join("\n");
}

/** A line has two rows of the code. With colours it is black on white, as scanners like it; without, white stands for what is printed. */
function qrLines(text: string, color: boolean): string[] {
  const { data, size } = encode(text, { ecc: "L", border: 2 });
  const isPrinted = (row: number, column: number) => (data[row]?.[column] ?? false) === color;
  return Array.from({ length: Math.ceil(size / 2) }, (_, line) => {
    const cells = Array.from({ length: size }, (_, column) => {
      const [top, bottom] = [isPrinted(2 * line, column), isPrinted(2 * line + 1, column)];
      if (top && bottom) return "█";
      return top ? "▀" : bottom ? "▄" : " ";
    }).join("");
    return color ? `\u001b[30;107m${cells}\u001b[39;49m` : cells;
  });
}
