// A connection by the package `nats` alone. The limits on NATS are measured with it.
import { connect, credsAuthenticator, type NatsConnection } from "nats";

export interface RawConnection {
  readonly url: string;
  readonly creds: string;
}

export async function connectRaw({ url, creds }: RawConnection): Promise<NatsConnection> {
  return await connect({ servers: url, authenticator: credsAuthenticator(new TextEncoder().encode(creds)) });
}
