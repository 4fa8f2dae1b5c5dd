import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { selfSignedCertificate } from "../../scripts/certificate.ts";
import { startTlsFront } from "../../scripts/tls-front.ts";

const identity = selfSignedCertificate(Date.now());

/** A front before a server that hands over each connection it gets. */
async function front() {
  const arrivals: Socket[] = [];
  const upstream = createServer((socket) => {
    socket.on("error", () => {});
    arrivals.push(socket);
    upstream.emit("arrival");
  }).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const served = await startTlsFront({
    host: "127.0.0.1",
    port: 0,
    identity,
    upstreamPort: portOf(upstream),
  });
  onTestFinished(async () => {
    await served.stop();
    for (const socket of arrivals) socket.destroy();
    upstream.close();
  });
  /** The server's end of the next connection. */
  const arrival = async () => {
    if (arrivals.length === 0) await once(upstream, "arrival");
    const socket = arrivals.shift();
    if (socket === undefined) throw new Error("nothing arrived");
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { ...served, upstream, arrival };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function dial(port: number): Promise<TLSSocket> {
  const client = connect({ host: "127.0.0.1", port, servername: "localhost", ca: identity.cert });
  client.on("error", () => {});
  onTestFinished(() => void client.destroy());
  await once(client, "secureConnect");
  return client;
}

function dialPlain(port: number): Socket {
  const client = createConnection({ host: "127.0.0.1", port });
  client.on("error", () => {});
  onTestFinished(() => void client.destroy());
  return client;
}

/** Everything until the other side ends. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await closed(socket);
  return Buffer.concat(chunks).toString("latin1");
}

/** Whether the connection failed. */
function closed(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => socket.once("close", resolve));
}

async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

describe("a TLS front", () => {
  it("passes on every byte as it is, either way, however many", async () => {
    const { port, arrival } = await front();
    const client = await dial(port);
    const server = await arrival();
    const request = Buffer.alloc(3_000_000, "GET / HTTP/1.1\r\nX-Forwarded-Proto: x\r\n");
    const answer = Buffer.alloc(2_000_000, "\0\xff answer");
    client.write(request);
    expect((await read(server, request.length)).equals(request)).toBe(true);
    server.write(answer);
    expect((await read(client, answer.length)).equals(answer)).toBe(true);
  });

  it("ends the client's connection with the server's, after all that it sent", async () => {
    const { port, arrival } = await front();
    const client = await dial(port);
    (await arrival()).end("the last words");
    expect(await readAll(client)).toBe("the last words");
  });

  it("breaks off the client's connection when the server's breaks", async () => {
    const { port, arrival } = await front();
    const client = await dial(port);
    const server = await arrival();
    server.write("half an ans");
    await read(client, 11);
    server.resetAndDestroy();
    await closed(client);
  });

  it.each(["end", "destroy"] as const)("resets the server's connection at its client's %s", async (how) => {
    const { port, arrival } = await front();
    const client = await dial(port);
    const server = await arrival();
    client.write("a long poll");
    expect((await read(server, 11)).toString()).toBe("a long poll");
    client[how]();
    expect(await closed(server)).toBe(true);
  });

  it("ends the client's connection when there is no server", async () => {
    const { port, upstream } = await front();
    upstream.close();
    await once(upstream, "close");
    const client = await dial(port);
    expect(await readAll(client)).toBe("");
  });

  it("tells who speaks plain HTTP to it, and passes nothing of it on", async () => {
    const { port, arrival } = await front();
    const client = dialPlain(port);
    client.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
    const answer = await readAll(client);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(body).toBe("This port speaks HTTPS only.\n");
    expect(head).toContain(`\r\nContent-Length: ${body.length}`);
    // Only a connection over TLS arrives, and it is the first.
    (await dial(port)).write("secret");
    expect((await read(await arrival(), 6)).toString()).toBe("secret");
  });

  it("drops who only pretends to begin a handshake, and serves the next", async () => {
    const { port, arrival } = await front();
    const client = dialPlain(port);
    client.write(Buffer.concat([Buffer.of(0x16), Buffer.alloc(100, 0xff)]));
    await readAll(client);
    await dial(port);
    await arrival();
  });

  it("takes a handshake that comes in single bytes", async () => {
    const { port, arrival } = await front();
    const raw = dialPlain(port);
    await once(raw, "connect");
    raw.setNoDelay(true);
    const trickle = new Duplex({
      read() {},
      write(chunk: Buffer, _, done) {
        for (const byte of chunk) raw.write(Buffer.of(byte));
        done();
      },
    });
    raw.on("data", (chunk) => trickle.push(chunk));
    const client = connect({ socket: trickle, servername: "localhost", ca: identity.cert });
    onTestFinished(() => void client.destroy());
    await once(client, "secureConnect");
    client.write("hello");
    expect((await read(await arrival(), 5)).toString()).toBe("hello");
  });

  it("speaks no TLS older than 1.2, and no HTTP/2", async () => {
    const { port } = await front();
    const refused = async (options: object) => {
      const client = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
      onTestFinished(() => void client.destroy());
      const [error] = await once(client, "error");
      return (error as NodeJS.ErrnoException).code;
    };
    expect(await refused({ ALPNProtocols: ["h2"] })).toBe("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
    expect(await refused(old)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it("takes the connections with it when it stops, those in the handshake too", async () => {
    const { port, arrival, stop } = await front();
    const client = await dial(port);
    const server = await arrival();
    const undecided = dialPlain(port);
    await once(undecided, "connect");
    const allClosed = Promise.all([client, server, undecided].map(closed));
    // An end is seen by who reads.
    for (const socket of [client, undecided]) socket.resume();
    await stop();
    await allClosed;
  });
});
