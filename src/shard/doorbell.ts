/**
 * The Worker's side of the doorbell: a WebSocket to the shard that rings when there may be a message. A ring
 * that comes while nobody listens is kept.
 */
export class DoorbellSocket {
  readonly #socket: WebSocket;
  #rung = false;
  #lost = false;
  #wake: (() => void) | undefined;

  /** @param signal fires when the client has hung up */
  constructor(socket: WebSocket, signal: AbortSignal) {
    this.#socket = socket;
    const lose = () => {
      this.#lost = true;
      this.#wake?.();
    };
    socket.addEventListener("message", () => {
      this.#rung = true;
      this.#wake?.();
    });
    socket.addEventListener("close", lose);
    socket.addEventListener("error", lose);
    signal.addEventListener("abort", lose);
    socket.accept();
  }

  /** @returns `lost` when the shard or the client has gone */
  async next(waitMs: number): Promise<"ring" | "lost" | "timeout"> {
    if (!this.#rung && !this.#lost && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    if (this.#lost) return "lost";
    if (!this.#rung) return "timeout";
    this.#rung = false;
    return "ring";
  }

  close(): void {
    this.#socket.close(1000);
  }
}
