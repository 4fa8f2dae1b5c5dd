import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands before a server, lets requests through as they are, and can be told to be away. */
export interface FlakyFront {
  readonly url: string;
  away: boolean;
  /** What came in, by its `X-Amz-Target`. */
  readonly targets: string[];
  stop(): Promise<void>;
}

export async function startFlakyFront(behind: string): Promise<FlakyFront> {
  const { hostname, port } = new URL(behind);
  const targets: string[] = [];
  const server = createServer((incoming, outgoing) => {
    targets.push(String(incoming.headers["x-amz-target"]));
    if (front.away) {
      incoming.resume();
      outgoing.writeHead(503).end();
      return;
    }
    // The `Host` stays what the client wrote: it is signed.
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const front: FlakyFront = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    away: false,
    targets,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return front;
}
