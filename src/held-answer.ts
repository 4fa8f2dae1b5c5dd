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
  readonly #begin: (response: Response) => void;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #opening = "";

  /** @param begin takes the response when its first byte has to be sent before the rest is known */
  constructor(begin: (response: Response) => void) {
    this.#begin = begin;
  }

  /**
   * Sends a byte to the client, or some.
   *
   * @param opening status, headers and first bytes of every answer that this request can be given
   * @param signal fires when the client has hung up
   * @returns whether the client took it
   */
  async probe({ status, headers, body }: WireResponse, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    let bytes = " ";
    if (!this.#writer) {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      this.#writer = writable.getWriter();
      this.#opening = body;
      bytes = body;
      this.#begin(new Response(readable, { status, headers }));
    }
    try {
      await this.#writer.write(utf8(bytes));
    } catch {
      return false;
    }
    // A closed connection answers with a reset, on the same machine within this time.
    await scheduler.wait(PROBE_MS);
    return !signal.aborted;
  }

  /** Writes the rest of an answer that was begun; undefined if none was. */
  finish({ status, body }: WireResponse): Promise<void> | undefined {
    const writer = this.#writer;
    if (!writer) return undefined;
    // The status has been sent: a broken answer makes the client ask again.
    if (status !== 200) return writer.abort("the request failed after its answer had begun");
    assert(body.startsWith(this.#opening), "every answer begins alike");
    return writer.write(utf8(body.slice(this.#opening.length))).then(() => writer.close());
  }
}

/** Answers a request whose answer may have to begin before it is known. */
export async function answerHolding(
  answer: (held: HeldAnswer) => Promise<WireResponse>,
  execution: Pick<ExecutionContext, "waitUntil">,
): Promise<Response> {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const held = new HeldAnswer((response) => {
    // It outlives its response: the runtime must not end the request before it is written.
    execution.waitUntil(answered);
    resolve(response);
  });
  const answered = answer(held).then((response) => {
    const finished = held.finish(response);
    if (finished) return finished;
    resolve(new Response(response.body, { status: response.status, headers: response.headers }));
    return undefined;
  });
  return await promise;
}

const PROBE_MS = 10;
