import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { UserError } from "../scripts/user-error.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * One keep-alive HTTP/1.1 connection that carries one exchange at a time.
 *
 * Written out because the load generator shares two cores with what it measures: Node's `fetch` costs more
 * than the server does, and `node:http` half as much. It understands what servers answer to a GET or POST: a
 * length or chunks, and no trailers.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** Of the whole answer; undefined until its headers are in, or while it comes in chunks. */
  #answerBytes: number | undefined;
  #headerBytes = 0;
  #status = 0;
  #chunked = false;
  #waiting: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;
  #broken: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", (error) => this.#break(error));
    socket.on("close", () => this.#break(new Error("the server closed the connection")));
  }

  /** @throws UserError if nothing listens at `url` */
  static open(url: string): Promise<HttpConnection> {
    const { protocol, hostname: host, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const secure = protocol === "https:";
      const to = { host: host.replace(/^\[|\]$/g, ""), port: Number(port) || (secure ? 443 : 80) };
      const socket = secure ? connectTls({ ...to, servername: host }) : connect(to);
      const fail = ({ message }: Error) => reject(new UserError(`Nothing answers at ${url}: ${message}`));
      socket.once("error", fail);
      socket.once(secure ? "secureConnect" : "connect", () => {
        socket.off("error", fail);
        resolve(new HttpConnection(socket));
      });
    });
  }

  /** @param request a whole request, headers and body */
  exchange(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#broken ??= new Error("the connection was closed");
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#headerBytes === 0) this.#readHeader();
    if (this.#answerBytes !== undefined && this.#receivedBytes >= this.#answerBytes) {
      this.#finish(this.#joined().subarray(this.#headerBytes, this.#answerBytes));
    } else if (this.#chunked) {
      const body = readChunks(this.#joined().subarray(this.#headerBytes));
      if (body) this.#finish(body);
    }
  }

  #readHeader(): void {
    const received = this.#joined();
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const header = received.toString("latin1", 0, end + 2);
    this.#headerBytes = end + 4;
    this.#status = Number(header.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(header)?.[1];
    if (length !== undefined) this.#answerBytes = this.#headerBytes + Number(length);
    else if (/\r\ntransfer-encoding: *chunked\r\n/i.test(header)) this.#chunked = true;
    else this.#answerBytes = this.#headerBytes;
  }

  #joined(): Buffer {
    const [only] = this.#received;
    if (only && this.#received.length === 1) return only;
    const joined = Buffer.concat(this.#received);
    this.#received = [joined];
    return joined;
  }

  #finish(body: Buffer): void {
    const waiting = this.#waiting;
    const answer = { status: this.#status, body };
    this.#waiting = undefined;
    this.#received = [];
    this.#receivedBytes = 0;
    this.#answerBytes = undefined;
    this.#headerBytes = 0;
    this.#chunked = false;
    waiting?.resolve(answer);
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#waiting?.reject(this.#broken);
    this.#waiting = undefined;
  }
}

/** A request without a signature. @param endpoint without a trailing slash */
export function getRequest(endpoint: string, path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${new URL(endpoint).host}\r\n\r\n`, "latin1");
}

/** @returns undefined while the last chunk is missing */
function readChunks(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return undefined;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
