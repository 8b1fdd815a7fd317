// Finds the address at which a phone in the same network reaches this machine.
import type { NetworkInterfaceInfo } from "node:os";

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Networks of containers and virtual machines, to which no phone belongs. */
const virtualNames = /^(docker|br-|veth|virbr|vmnet|vboxnet|cni|flannel|lxc|podman|utun|tun|tap|wg)/;
/** Private networks (RFC 1918), those of homes and offices first. */
const privateNetworks = [/^192\.168\./, /^10\./, /^172\.(1[6-9]|2\d|3[01])\./];

/** Undefined if this machine is in no network with IPv4. @param interfaces as `networkInterfaces()` of `node:os` returns them */
export function findLocalAddress(interfaces: Interfaces): string | undefined {
  const found = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(
        ({ family, internal, address }) => family === "IPv4" && !internal && !address.startsWith("169.254."),
      )
      .map(({ address }) => ({ address, rank: rankOf(name, address) })),
  );
  return found.sort((a, b) => a.rank - b.rank)[0]?.address;
}

function rankOf(name: string, address: string): number {
  const network = privateNetworks.findIndex((each) => each.test(address));
  const place = network === -1 ? privateNetworks.length : network;
  return virtualNames.test(name) ? place + 10 : place;
}
