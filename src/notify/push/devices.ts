// Keeps the browsers that take push messages, in the bucket `serve`: a limited number, each under its name.
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { openExistingBucket } from "../../nats/jetstream/bucket.ts";
import { type Device, DeviceSchema } from "./device.ts";

const prefix = "push.";
const mostDevices = 32;

export interface Devices {
  list(): readonly Device[];
  /** Replaces the one of the same name. @throws CliaiError `refused` if there are too many of its server; `store_unavailable` */
  put(device: Device): Promise<void>;
  /** @throws CliaiError `store_unavailable` */
  remove(device: Device): Promise<void>;
  /** Reads them again: another serve may have led meanwhile. @throws CliaiError */
  read(): Promise<void>;
}

export async function openDevices(bus: Bus): Promise<Devices> {
  const bucket = await openExistingBucket(bus, buckets.serve);
  const devices = new Map<string, Device>();
  const read = async () => {
    const entries = await bucket.entries();
    devices.clear();
    for (const [key, { value }] of entries) {
      const device = v.safeParse(DeviceSchema, value);
      if (key.startsWith(prefix) && device.success) devices.set(device.output.name, device.output);
    }
  };
  await read();
  return {
    list: () => [...devices.values()],
    read,
    async put(device) {
      // Those of another server, or of keys that are gone, get nothing from this one.
      const others = [...devices.values()].filter(
        ({ name, server_key }) => name !== device.name && server_key === device.server_key,
      );
      if (others.length >= mostDevices) {
        throw new CliaiError("refused", `${mostDevices} browsers take push messages already`, {
          hint: "turn them off in one first, on its page /phone, or sign it out: cliai token revoke NAME",
        });
      }
      await bucket.put(prefix + device.name, device);
      devices.set(device.name, device);
    },
    async remove({ name, endpoint }) {
      if (devices.get(name)?.endpoint !== endpoint) return;
      await bucket.erase(prefix + name);
      devices.delete(name);
    },
  };
}
