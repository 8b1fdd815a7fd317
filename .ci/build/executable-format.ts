// Reads from an executable file's bytes its format, its processor, and the nats-server version that Go wrote into it.
import type { ExecutableFormat } from "./targets.ts";

const elfMachines: Record<number, ExecutableFormat> = { 62: "elf-x64", 183: "elf-arm64" };
const peMachines: Record<number, ExecutableFormat> = { 34404: "pe-x64", 43620: "pe-arm64" };
const machoProcessors: Record<number, ExecutableFormat> = {
  16777223: "macho-x64",
  16777228: "macho-arm64",
};

/** ELF's e_machine, PE's Machine or Mach-O's cputype, little-endian 64-bit; `undefined` for anything else. */
export function executableFormatOf(bytes: Uint8Array): ExecutableFormat | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 0x40) return undefined;
  if (view.getUint32(0) === 0x7f454c46) return elfMachines[view.getUint16(18, true)];
  if (view.getUint32(0, true) === 0xfeedfacf) return machoProcessors[view.getUint32(4, true)];
  if (view.getUint16(0) !== 0x4d5a) return undefined;
  const header = view.getUint32(0x3c, true);
  if (header + 6 > view.byteLength || view.getUint32(header) !== 0x50450000) return undefined;
  return peMachines[view.getUint16(header + 4, true)];
}

/** The nats-server version in a Go binary's build information. Used for a nats-server that cannot run on this machine. */
export function goServerVersionOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return /\n(?:mod|dep)\tgithub\.com\/nats-io\/nats-server\/v2\tv(\d+\.\d+\.\d+[^\t\n]*)/.exec(text)?.[1];
}
