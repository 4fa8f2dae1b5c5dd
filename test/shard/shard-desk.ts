import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import {
  type Counted,
  type Deferred,
  DOORBELL_HEADER,
  type DoorbellRequest,
  type Failed,
  type Full,
  type LeaseRef,
  type Received,
  type Sent,
  type ShardCall,
  type ShardReply,
  type VisibilityChanged,
} from "../../src/shard/calls.ts";
import type { QueueShard } from "../../src/shard/queue-shard.ts";
import { testSettings } from "../support/fake-queue.ts";

/** A shard in the Workers runtime with storage of its own, asked as a Worker would. Messages go by their bodies. */
export class ShardDesk {
  settingsVersion = 1;
  readonly #name = crypto.randomUUID();
  readonly #leases = new Map<string, LeaseRef>();

  static async open(settings: QueueSettings = testSettings()): Promise<ShardDesk> {
    const desk = new ShardDesk();
    await desk.configure(settings);
    return desk;
  }

  /** A fresh one each time: a stub whose object was reset stays broken. */
  get stub(): DurableObjectStub<QueueShard> {
    return env.QUEUE_SHARD.getByName(this.#name);
  }

  async configure(settings: QueueSettings): Promise<boolean> {
    this.settingsVersion = settings.version;
    return await this.stub.configure(settings);
  }

  async run(...calls: ShardCall[]): Promise<(ShardReply | Deferred | Failed | Full)[]> {
    const { settingsVersion } = this;
    return await this.stub.run(calls.map((call) => ({ settingsVersion, call })));
  }

  async send(...bodies: string[]): Promise<Sent> {
    return await this.#only("sent", sendCall(bodies));
  }

  async sendDelayed(delayMs: number, ...bodies: string[]): Promise<Sent> {
    return await this.#only("sent", sendCall(bodies, { delayMs }));
  }

  /** The bodies of up to `max` messages. */
  async receive(max = 10, visibilityMs = 30_000, waiter?: string): Promise<string[]> {
    const call = { kind: "receive", max, visibilityMs, ...(waiter === undefined ? {} : { waiter }) } as const;
    return this.note(await this.#only("received", call));
  }

  /** Keeps the leases of a receive for later. @returns the bodies */
  note({ messages }: Received): string[] {
    return messages.map(({ sealed, position, nonce }) => {
      this.#leases.set(fromUtf8(sealed), { position, nonce });
      return fromUtf8(sealed);
    });
  }

  async delete(...bodies: string[]): Promise<void> {
    await this.#only("done", { kind: "delete", leases: bodies.map((body) => this.#lease(body)) });
  }

  async hide(body: string, visibilityMs: number): Promise<string | undefined> {
    const changes = [{ ...this.#lease(body), visibilityMs }];
    const reply: VisibilityChanged = await this.#only("visibilityChanged", {
      kind: "changeVisibility",
      changes,
    });
    return reply.outcomes[0];
  }

  async counts(): Promise<Omit<Counted, "kind">> {
    const { kind: _, ...counts }: Counted = await this.#only("counted", { kind: "count" });
    return counts;
  }

  async purge(): Promise<void> {
    await this.#only("purged", { kind: "purge", minIntervalMs: 0 });
  }

  async evict(): Promise<void> {
    await evictDurableObject(this.stub);
  }

  /** Runs the alarm now, whenever it is set for. @returns false if none is */
  async ring(): Promise<boolean> {
    return await runDurableObjectAlarm(this.stub);
  }

  async alarmAtMs(): Promise<number | null> {
    return await runInDurableObject(this.stub, (_, { storage }) => storage.getAlarm());
  }

  /** Names of the tables, in order. */
  async tables(): Promise<string[]> {
    return await runInDurableObject(this.stub, (_, { storage }) =>
      storage.sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .toArray()
        .map(({ name }) => name)
        .filter((name) => !name.startsWith("_cf_")),
    );
  }

  /** Counts what this life of the object writes from the first call on, as Cloudflare bills it. */
  async meter(): Promise<Meter> {
    return await runInDurableObject(this.stub, (_, { storage }) => {
      const known = meters.get(storage);
      if (known) return known;
      const meter: Meter = { rows: 0, alarms: 0, statements: [] };
      meters.set(storage, meter);
      const { sql } = storage;
      const exec = sql.exec.bind(sql);
      vi.spyOn(sql, "exec").mockImplementation((statement, ...bindings) => {
        const cursor = exec(statement, ...bindings);
        meter.rows += cursor.rowsWritten;
        if (!statement.startsWith("SELECT")) meter.statements.push(statement);
        return cursor as never;
      });
      const setAlarm = storage.setAlarm.bind(storage);
      vi.spyOn(storage, "setAlarm").mockImplementation((at) => {
        meter.alarms++;
        meter.rows++;
        return setAlarm(at);
      });
      return meter;
    });
  }

  /** From now on this life of the object cannot write to its log. */
  async breakStorage(): Promise<void> {
    await runInDurableObject(this.stub, (_, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      vi.spyOn(sql, "exec").mockImplementation((statement, ...bindings) => {
        if (statement.startsWith("INSERT")) throw new Error("the disks are gone");
        return exec(statement, ...bindings) as never;
      });
    });
  }

  /** Opens the doorbell as a Worker does. */
  async waitAtDoor(
    id: string,
    { max = 1, waitMs = 20_000 }: { readonly max?: number; readonly waitMs?: number } = {},
  ): Promise<DoorWaiter> {
    const asked: DoorbellRequest = { settingsVersion: this.settingsVersion, id, max, waitMs };
    const headers = { upgrade: "websocket", [DOORBELL_HEADER]: JSON.stringify(asked) };
    const { webSocket } = await this.stub.fetch("https://shard/doorbell", { headers });
    if (!webSocket) throw new Error("the doorbell was not opened");
    return new DoorWaiter(id, webSocket);
  }

  async #only<K extends ShardReply["kind"], R extends Extract<ShardReply, { kind: K }>>(
    kind: K,
    call: ShardCall,
  ): Promise<R> {
    const [reply] = await this.run(call);
    if (reply?.kind !== kind) throw new Error(`a ${call.kind} was answered ${reply?.kind}`);
    return reply as R;
  }

  #lease(body: string): LeaseRef {
    const lease = this.#leases.get(body);
    if (!lease) throw new Error(`nobody received ${body}`);
    return lease;
  }
}

const meters = new WeakMap<DurableObjectStorage, Meter>();

/** Counted by `ShardDesk.meter`: an alarm that is set is a row, too. */
export interface Meter {
  rows: number;
  alarms: number;
  readonly statements: string[];
}

/** A Worker's end of a doorbell. */
export class DoorWaiter {
  readonly id: string;
  readonly #socket: WebSocket;
  rings = 0;
  /** What a test made the shard send behind its rings. */
  echoes = 0;
  closeCode: number | undefined;

  constructor(id: string, socket: WebSocket) {
    this.id = id;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (data === "echo") this.echoes++;
      else this.rings++;
    });
    socket.addEventListener("close", ({ code }) => {
      this.closeCode = code;
    });
    socket.accept();
  }

  close(): void {
    this.#socket.close(1000);
  }
}

/** Waits for what another party does by itself. Unlike `vi.waitFor` it leaves a mocked clock alone. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await check();
    } catch (error) {
      if (attempt === 1000) throw error;
      await scheduler.wait(4);
    }
  }
}

export function sendCall(
  bodies: readonly string[],
  {
    delayMs = 0,
    batchId = crypto.randomUUID(),
  }: { readonly delayMs?: number; readonly batchId?: string } = {},
): ShardCall {
  return { kind: "send", batchId, messages: bodies.map((body) => ({ sealed: utf8(body), delayMs })) };
}

export function receiveCall(max = 10, visibilityMs = 30_000): ShardCall {
  return { kind: "receive", max, visibilityMs };
}
