import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { TlsIdentity } from "./certificate.ts";

export interface TlsFrontOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly identity: TlsIdentity;
  /** On 127.0.0.1: gets the bytes of every connection as they were before encryption. */
  readonly upstreamPort: number;
}

export interface TlsFront {
  readonly port: number;
  stop(): Promise<void>;
}

/** How long a client may take from connecting to the end of the handshake. */
const handshakeMs = 10_000;

/**
 * Takes TLS off the connections to a server that speaks plain HTTP. Bytes are passed on as they are: no header is
 * read, changed or added, so signatures stay good and nobody can smuggle one request in another.
 */
export async function startTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const { identity, upstreamPort } = options;
  const offer = { ...identity, minVersion: "TLSv1.2", ALPNProtocols: ["http/1.1"] } as const;
  const secure = createTlsServer({ ...offer, handshakeTimeout: handshakeMs }, (client) => {
    forward(client, upstreamPort);
  });
  secure.on("tlsClientError", (_, client) => client.destroy());

  const connections = new Set<Socket>();
  const door = createServer((socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    welcome(socket, () => secure.emit("connection", socket));
  });
  door.listen({ host: options.host, port: options.port });
  await once(door, "listening");
  return {
    port: (door.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        door.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

/** Looks at the first byte: whoever speaks plain HTTP here is told, instead of being cut off. */
function welcome(socket: Socket, toTls: () => void): void {
  const giveUp = () => socket.destroy();
  socket.on("error", giveUp);
  socket.setTimeout(handshakeMs, giveUp);
  socket.once("data", (bytes: Buffer) => {
    if (bytes[0] !== HANDSHAKE_RECORD) {
      socket.end(plainHttpAnswer);
      return;
    }
    socket.pause();
    socket.setTimeout(0);
    socket.off("timeout", giveUp);
    socket.unshift(bytes);
    toTls();
  });
}

/** Every TLS connection begins with this byte, and no HTTP request does. */
const HANDSHAKE_RECORD = 0x16;

const plainHttpText = "This port speaks HTTPS only.\n";
const plainHttpAnswer = [
  "HTTP/1.1 400 Bad Request",
  "Content-Type: text/plain",
  `Content-Length: ${plainHttpText.length}`,
  "Connection: close",
  "",
  plainHttpText,
].join("\r\n");

function forward(client: TLSSocket, port: number): void {
  const upstream = connect({ host: "127.0.0.1", port, noDelay: true });
  client.setNoDelay(true);
  // Who ends has gone: no HTTP client over TLS goes on reading after that. Resetting, instead of ending too, is how
  // the runtime learns that nobody waits for the answer of a long poll.
  const hangUp = () => upstream.resetAndDestroy();
  client.pipe(upstream, { end: false });
  client.once("end", hangUp);
  client.once("close", hangUp);
  client.on("error", () => client.destroy());
  upstream.pipe(client);
  upstream.on("error", () => client.destroy());
  upstream.once("close", () => client.end());
}
