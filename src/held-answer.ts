import { utf8 } from "./lib/bytes.ts";
import { assert } from "./lib/result.ts";
import type { WireResponse } from "./protocols/protocol.ts";

/**
 * The answer to a request that waits, begun before it is known: the only way to find out whether the client is
 * still there where the runtime does not tell.
 *
 * Cloudflare's edge tells a Worker when its client has hung up. The runtime by itself does so only for a
 * connection that was reset; one that was closed looks half-open until something is written to it. So before a
 * long poll leases a message there, it writes the first bytes of its answer, which are the same for all answers.
 */
export class HeldAnswer {
  /** Resolves when the first byte had to be sent before the answer was known. */
  readonly begun: Promise<Response>;
  readonly #begin: (response: Response) => void;
  readonly #signal: AbortSignal;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #opening = "";

  /** @param signal fires when the client has hung up */
  constructor(signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.begun = promise;
    this.#begin = resolve;
    this.#signal = signal;
  }

  /**
   * Sends a byte to the client, or some.
   *
   * @param empty the answer that would be given to an empty result; it tells headers and the first bytes
   * @returns whether the client took it
   */
  async probe(empty: WireResponse, opening: string): Promise<boolean> {
    if (this.#signal.aborted) return false;
    let bytes = " ";
    if (!this.#writer) {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      this.#writer = writable.getWriter();
      this.#opening = opening;
      bytes = opening;
      this.#begin(new Response(readable, { status: empty.status, headers: empty.headers }));
    }
    try {
      await this.#writer.write(utf8(bytes));
    } catch {
      return false;
    }
    // A closed connection answers with a reset, on the same machine within this time.
    await scheduler.wait(PROBE_MS);
    return !this.#signal.aborted;
  }

  /** The rest of an answer that was begun, or all of it. */
  async end({ status, headers, body }: WireResponse): Promise<Response> {
    if (!this.#writer) return new Response(body, { status, headers });
    if (status === 200) {
      assert(body.startsWith(this.#opening), "every answer begins alike");
      await this.#writer.write(utf8(body.slice(this.#opening.length)));
      await this.#writer.close();
    } else {
      // The status has been sent: a broken answer makes the client ask again.
      await this.#writer.abort("the request failed after its answer had begun");
    }
    return await this.begun;
  }
}

const PROBE_MS = 10;
