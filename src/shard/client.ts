import type { QueueSettings } from "../queue/settings.ts";
import { attempt } from "./attempt.ts";
import {
  DOORBELL_HEADER,
  type DoorbellRequest,
  type Received,
  type Refusal,
  type ShardCall,
  type ShardReply,
} from "./calls.ts";
import { DoorbellSocket } from "./doorbell.ts";
import { type Lane, laneTo } from "./lane.ts";
import { locationHintOf, shardName } from "./location.ts";
import type { QueueShard } from "./queue-shard.ts";

interface Client {
  readonly signal: AbortSignal;
  isThere(): Promise<boolean>;
}

/** The shards of all queues, as one request to a Worker sees them. */
export class ShardClient {
  readonly #namespace: DurableObjectNamespace<QueueShard>;
  readonly #waitUntil: (promise: Promise<unknown>) => void;

  /** @param waitUntil keeps what was begun going when this request's client hangs up: others may depend on it */
  constructor(namespace: DurableObjectNamespace<QueueShard>, waitUntil: (promise: Promise<unknown>) => void) {
    this.#namespace = namespace;
    this.#waitUntil = waitUntil;
  }

  /** One call, made together with those of other requests that are waiting for the same shard. */
  call<C extends ShardCall>(settings: QueueSettings, call: C): Promise<ShardReply<C>>;
  call(settings: QueueSettings, call: ShardCall): Promise<ShardReply> {
    const lane: Lane = laneTo(shardName(settings.uid));
    return lane.submit(
      { settingsVersion: settings.version, call },
      { send: async (requests) => await this.#stub(settings).run(requests), waitUntil: this.#waitUntil },
    );
  }

  /** Hands a shard its settings. @returns false if the queue was deleted meanwhile */
  async configure(settings: QueueSettings): Promise<boolean> {
    return await attempt(async () => await this.#stub(settings).configure(settings));
  }

  /** Empties the shards of a queue that was deleted. */
  async remove(queue: Pick<QueueSettings, "uid" | "region">): Promise<void> {
    await attempt(async () => await this.#stub(queue).remove());
  }

  /**
   * Receives; with nothing to be had it waits at the doorbell, and claims when that rings.
   *
   * @param wait until when at most, and the client that waits: nothing is leased for one that has hung up, nor for one
   *   that may not any more
   */
  async receive(
    settings: QueueSettings,
    request: { readonly max: number; readonly visibilityMs: number; readonly attempt?: string },
    wait: {
      readonly untilMs: number;
      readonly client: Client;
      readonly mayStill?: (() => Promise<boolean>) | undefined;
    },
  ): Promise<Received | Refusal> {
    const { client, untilMs, mayStill } = wait;
    let reply: Received | Refusal = await this.call(settings, { kind: "receive", ...request });
    while (isEmpty(reply) && Date.now() < untilMs && !client.signal.aborted) {
      const id = crypto.randomUUID();
      const asked = { id, max: request.max, waitMs: untilMs - Date.now() };
      const bell = await this.#openDoorbell(settings, asked, client.signal);
      if (!(bell instanceof DoorbellSocket)) return bell;
      try {
        for (let rung = true; rung && isEmpty(reply); ) {
          rung = (await bell.next(untilMs - Date.now())) === "ring";
          if (rung ? !(await client.isThere()) : client.signal.aborted) return reply;
          if (mayStill && !(await mayStill())) return reply;
          // Rung or not: before the answer is "nothing", one more look.
          reply = await this.call(settings, { kind: "receive", ...request, waiter: id });
        }
      } finally {
        bell.close();
      }
      // A bell that was lost early, by a deploy perhaps: not all at once come back.
      if (isEmpty(reply) && Date.now() < untilMs) await scheduler.wait(50 + Math.random() * 100);
    }
    return reply;
  }

  async #openDoorbell(
    settings: QueueSettings,
    doorbell: Omit<DoorbellRequest, "settingsVersion">,
    signal: AbortSignal,
  ): Promise<DoorbellSocket | Refusal> {
    const asked: DoorbellRequest = { ...doorbell, settingsVersion: settings.version };
    const headers = { upgrade: "websocket", [DOORBELL_HEADER]: JSON.stringify(asked) };
    const response = await attempt(() => this.#stub(settings).fetch("https://shard/doorbell", { headers }));
    const socket = response.webSocket;
    return socket ? new DoorbellSocket(socket, signal) : await response.json<Refusal>();
  }

  #stub(queue: Pick<QueueSettings, "uid" | "region">): DurableObjectStub<QueueShard> {
    return this.#namespace.getByName(shardName(queue.uid), { locationHint: locationHintOf(queue.region) });
  }
}

function isEmpty(reply: Received | Refusal): boolean {
  return reply.kind === "received" && reply.messages.length === 0;
}
