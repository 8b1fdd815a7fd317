// What a reader needs to know of the machine to place the figures: nothing that tells whose it is.
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";

export interface MachineFacts {
  readonly platform: string;
  readonly kernel: string;
  readonly arch: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memory_gb: number;
  /** Of the last minute, at the beginning: above 0.5 others were at work. */
  readonly load: number;
}

export function readMachineFacts(): MachineFacts {
  const processors = cpus();
  return {
    platform: platform(),
    kernel: release().split("-")[0] ?? "unknown",
    arch: arch(),
    cores: processors.length,
    cpu: processors[0]?.model.trim() || "unknown",
    memory_gb: Math.round(totalmem() / 1e9),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
