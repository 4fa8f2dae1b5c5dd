import { DurableObject } from "cloudflare:workers";
import type { QueueSettings } from "../queue/settings.ts";
import {
  type Deferred,
  DOORBELL_HEADER,
  type DoorbellRequest,
  type Refusal,
  type ShardReply,
  type ShardRequest,
} from "./calls.ts";
import { CommitLoop } from "./commit-loop.ts";
import { ShardCore } from "./shard-core.ts";
import { SqliteLog } from "./sqlite-log.ts";
import { Tombstone } from "./tombstone.ts";
import { CLAIM_MS, Waiters } from "./waiters.ts";

/** Between the starts of overlapping commits: gathers calls of many Workers, and is less than a commit takes. */
const COMMIT_SPACING_MS = 4;
/** Receives beyond it are deferred: with ten more messages of 1 MiB the answer still fits in an RPC's 32 MiB. */
const ANSWER_BYTES = 8_000_000;
/** Slices of housekeeping in one alarm: together well below a second. */
const SLICES_PER_ALARM = 4;
/** Alarms of many shards must not fall on one instant. */
const WAKE_JITTER_MS = 30_000;

/**
 * One shard of one queue. Reads the clock once a call, lets the core decide and apply, and answers when the
 * record is written; the runtime's output gate holds the answer until it is durable.
 */
export class QueueShard extends DurableObject {
  readonly #log: SqliteLog;
  readonly #tombstone: Tombstone;
  readonly #waiters = new Waiters();
  readonly #commits: CommitLoop;
  #core: ShardCore;
  /** The alarm as far as this instance knows; Infinity if it does not. */
  #alarmAtMs = Infinity;
  #lapsing = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#log = new SqliteLog(ctx.storage.sql);
    this.#tombstone = new Tombstone(ctx.storage.sql);
    this.#core = new ShardCore(this.#log);
    this.#commits = new CommitLoop({
      spacingMs: COMMIT_SPACING_MS,
      hasOpenRecord: () => this.#core.openBytes > 0,
      commit: () => this.#commit(),
      durable: () => ctx.storage.sync(),
      wait: (ms) => scheduler.wait(ms),
    });
    // The runtime hands over the newest first, as seen with workerd in November 2026.
    for (const socket of ctx.getWebSockets().toReversed()) this.#addWaiter(socket);
  }

  /** Serves calls in their order, all of them in one commit. Each is refused on its own if its settings are not these. */
  async run(requests: readonly ShardRequest[]): Promise<(ShardReply | Deferred)[]> {
    const nowMs = Date.now();
    const nonces = crypto.getRandomValues(new Uint32Array(requests.length));
    let answerBytes = 0;
    const replies = requests.map((request, i): ShardReply | Deferred => {
      if (request.call.kind === "receive" && answerBytes > ANSWER_BYTES) return { kind: "deferred" };
      const reply = this.#execute(request, nowMs, nonces[i] ?? 0);
      if (reply.kind === "received") for (const { sealed } of reply.messages) answerBytes += sealed.length;
      return reply;
    });
    await this.#commits.written(nowMs);
    return replies;
  }

  /**
   * Hands over settings from the catalog; older ones are ignored.
   *
   * @returns false if this queue was deleted: its uid is never used again
   */
  async configure(settings: QueueSettings): Promise<boolean> {
    if (this.#tombstone.stands) return false;
    const nowMs = Date.now();
    const first = this.#core.settings === undefined;
    this.#core.configure(settings, nowMs);
    if (first) this.#armEarlier(this.#core.nextWakeAtMs(nowMs, false));
    await this.#commits.written(nowMs);
    return true;
  }

  /** The queue was deleted: all its messages go, and nobody brings it back. */
  async remove(): Promise<void> {
    this.#log.clear();
    this.#core = new ShardCore(this.#log);
    const forgetAtMs = this.#tombstone.erect(Date.now());
    await this.ctx.storage.setAlarm(forgetAtMs);
    for (const socket of this.ctx.getWebSockets()) socket.close(1000, "deleted");
  }

  /** The doorbell: a WebSocket that is rung when there may be a message. It lets the object sleep meanwhile. */
  override async fetch(request: Request): Promise<Response> {
    const asked = JSON.parse(request.headers.get(DOORBELL_HEADER) ?? "{}") as DoorbellRequest;
    const refusal = this.#refusal(asked.settingsVersion);
    if (refusal) return Response.json(refusal, { status: 409 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const nowMs = Date.now();
    server.serializeAttachment({
      id: asked.id,
      max: asked.max,
      untilMs: nowMs + asked.waitMs,
    } satisfies Attachment);
    this.#addWaiter(server);
    this.#serveWaiters(nowMs);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketClose(socket: WebSocket): void {
    const attachment = socket.deserializeAttachment() as Attachment | null;
    if (attachment) this.#waiters.remove(attachment.id);
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket);
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = Infinity;
    if (this.#tombstone.stands) {
      await this.ctx.storage.deleteAll();
      return;
    }
    const nowMs = Date.now();
    let more = true;
    for (let slice = 0; slice < SLICES_PER_ALARM && more; slice++) more = this.#core.housekeep(nowMs);
    this.#serveWaiters(nowMs);
    const jitterMs = Math.random() * WAKE_JITTER_MS;
    const wakeAtMs = this.#core.nextWakeAtMs(nowMs, this.#waiters.size > 0);
    const dueAtMs = this.#core.nextWakeAtMs(nowMs, false) === wakeAtMs ? wakeAtMs + jitterMs : wakeAtMs;
    // At `nowMs` itself the runtime would drop or delay it.
    this.#armEarlier(more ? nowMs + 1 : Math.max(dueAtMs, nowMs + 1));
  }

  #execute({ settingsVersion, call }: ShardRequest, nowMs: number, nonce: number): ShardReply {
    const refusal = this.#refusal(settingsVersion);
    if (refusal) return refusal;
    const reply = this.#core.execute(call, nowMs, nonce);
    if (call.kind === "receive" && call.waiter !== undefined && reply.kind === "received") {
      if (reply.messages.length > 0) this.#waiters.remove(call.waiter);
      else this.#waiters.again(call.waiter);
    }
    return reply;
  }

  #refusal(settingsVersion: number): Refusal | undefined {
    const settings = this.#core.settings;
    if (!settings || settingsVersion > settings.version) return { kind: "unconfigured" };
    return settingsVersion < settings.version ? { kind: "stale", settings } : undefined;
  }

  #commit(): number {
    const nowMs = Date.now();
    try {
      this.#core.commit(nowMs);
      if (this.#core.overdue && this.#core.housekeep(nowMs)) this.#armEarlier(nowMs + 1);
    } catch (error) {
      // Memory is ahead of the log: nothing may be answered from it.
      console.error("a shard could not write its log and starts again", error);
      this.ctx.abort("the log could not be written");
    }
    this.#serveWaiters(nowMs);
    return nowMs;
  }

  /** Rings those whom there is something for, and sees to it that time's next message rings, too. */
  #serveWaiters(nowMs: number): void {
    if (this.#waiters.size === 0) return;
    this.#waiters.ring(this.#core.visibleCount(nowMs), nowMs);
    if (this.#waiters.awaitsClaims && !this.#lapsing) {
      this.#lapsing = true;
      this.ctx.waitUntil(this.#passUnclaimedRings());
    }
    if (this.#waiters.size > 0) this.#armEarlier(Math.max(this.#core.nextWakeAtMs(nowMs, true), nowMs + 1));
  }

  async #passUnclaimedRings(): Promise<void> {
    for (let open = true; open; ) {
      await scheduler.wait(CLAIM_MS);
      open = this.#waiters.lapse(Date.now());
    }
    this.#lapsing = false;
    this.#serveWaiters(Date.now());
  }

  /** Never later, and never without need: moving an alarm earlier makes the commit wait for it. */
  #armEarlier(atMs: number): void {
    if (atMs >= this.#alarmAtMs) return;
    this.#alarmAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }

  #addWaiter(socket: WebSocket): void {
    const attachment = socket.deserializeAttachment() as Attachment | null;
    if (!attachment) return;
    this.#waiters.add({ ...attachment, ring: () => socket.send("ring") });
  }
}

/** What of a waiter survives the object's sleep, with its socket. */
interface Attachment {
  readonly id: string;
  readonly max: number;
  readonly untilMs: number;
}
