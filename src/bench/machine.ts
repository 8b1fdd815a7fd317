// The facts about the machine that a reader needs to judge the figures. None of them identifies the machine or its owner.
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";

export interface MachineFacts {
  readonly platform: string;
  readonly kernel: string;
  readonly arch: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memory_gb: number;
  /** The load of the minute before the start. Above 0.5, other programs were running. */
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
