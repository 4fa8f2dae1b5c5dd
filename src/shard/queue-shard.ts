import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../env.ts";
import { parseQueueArn } from "../queue/queue-arn.ts";
import type { QueueId, QueueSettings } from "../queue/settings.ts";
import {
  type Answer,
  DOORBELL_HEADER,
  type DoorbellRequest,
  type Parcel,
  type Refusal,
  type ShardReply,
  type ShardRequest,
} from "./calls.ts";
import { CommitLoop } from "./commit-loop.ts";
import { locationHintOf, shardName } from "./location.ts";
import { ShardCore } from "./shard-core.ts";
import { SqliteLog } from "./sqlite-log.ts";
import { Tombstone } from "./tombstone.ts";
import { CLAIM_MS, Waiters } from "./waiters.ts";

/** Between the starts of overlapping commits: gathers calls of many Workers, and is less than a commit takes. */
const COMMIT_SPACING_MS = 4;
/** Receives beyond it are deferred: with ten more messages of 1 MiB the answer still fits in an RPC's 32 MiB. */
const ANSWER_BYTES = 8_000_000;
/** Messages that rings are given out for at once; those who claim them make the shard look again. */
const RINGS_AT_ONCE = 1000;
/** Parcels handed over in one go; then the alarm goes on, so that no turn of the object is without end. */
const PARCELS_PER_TURN = 50;
/** An object holds 10 GB. The rest is for deletes and receives, which write too, so that it can be drained. */
const FULL_BYTES = 8_000_000_000;
/** The size of the database is looked at once in so many commits. */
const COMMITS_PER_LOOK = 256;
/** Slices of housekeeping in one alarm: together well below a second. */
const SLICES_PER_ALARM = 4;
/** Alarms of many shards must not fall on one instant. */
const WAKE_JITTER_MS = 30_000;

/**
 * One shard of one queue. Reads the clock once a call, lets the core decide and apply, and answers when the
 * record is written; the runtime's output gate holds the answer until it is durable.
 */
export abstract class QueueShard extends DurableObject<Bindings> {
  readonly #log: SqliteLog;
  readonly #tombstone: Tombstone;
  readonly #waiters = new Waiters();
  readonly #commits: CommitLoop;
  #core: ShardCore;
  /** The alarm as far as this instance knows; Infinity if it does not. */
  #alarmAtMs = Infinity;
  #lapsing = false;
  #sending = false;
  #full = false;
  #commitsSinceLook = COMMITS_PER_LOOK;
  #housekeepingFailed = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
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
  async run(requests: readonly ShardRequest[]): Promise<Answer[]> {
    const nowMs = Date.now();
    const nonces = crypto.getRandomValues(new Uint32Array(requests.length));
    let answerBytes = 0;
    const replies = requests.map((request, i): Answer => {
      if (request.call.kind === "receive" && answerBytes > ANSWER_BYTES) return { kind: "deferred" };
      const reply = this.#tryExecute(request, nowMs, nonces[i] ?? 0);
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

  /**
   * Takes another shard's dead letters.
   *
   * @returns false if this shard has no settings, or its queue was deleted
   */
  async takeDeadLetters(parcel: Parcel): Promise<boolean> {
    if (!this.#core.settings) return false;
    const nowMs = Date.now();
    this.#core.storeParcel(parcel, nowMs, crypto.randomUUID());
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
    if (!attachment) return;
    this.#waiters.remove(attachment.id);
    // It may have been rung: then somebody else must be.
    this.#serveWaiters(Date.now());
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
    this.#housekeepingFailed = false;
    for (let slice = 0; slice < SLICES_PER_ALARM && more; slice++) more = this.#housekeep(nowMs);
    this.#serveWaiters(nowMs);
    this.#sendDeadLetters();
    const jitterMs = Math.random() * WAKE_JITTER_MS;
    const wakeAtMs = this.#core.nextWakeAtMs(nowMs, this.#waiters.size > 0);
    const dueAtMs = this.#core.nextWakeAtMs(nowMs, false) === wakeAtMs ? wakeAtMs + jitterMs : wakeAtMs;
    // At `nowMs` itself the runtime would drop or delay it.
    this.#armEarlier(more ? nowMs + 1 : Math.max(dueAtMs, nowMs + 1));
  }

  /** One call of a group must not take the others down with it. */
  #tryExecute(request: ShardRequest, nowMs: number, nonce: number): Answer {
    try {
      if (request.call.kind === "send" && (this.#full || this.#core.full)) return { kind: "full" };
      return this.#execute(request, nowMs, nonce);
    } catch (error) {
      console.error(`a shard failed on a call: ${request.call.kind}`, error);
      this.#startAgainUnlessSound();
      return { kind: "failed" };
    }
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
    } catch (error) {
      console.error("a shard could not write its log", error);
      this.#startAgainUnlessSound();
      throw error;
    }
    this.#commitsSinceLook++;
    if (this.#commitsSinceLook >= COMMITS_PER_LOOK) {
      this.#commitsSinceLook = 0;
      this.#full = this.ctx.storage.sql.databaseSize > FULL_BYTES;
    }
    if (this.#core.overdue && this.#housekeep(nowMs)) this.#armEarlier(nowMs + 1);
    this.#serveWaiters(nowMs);
    this.#sendDeadLetters();
    return nowMs;
  }

  /** A slice of housekeeping, as a whole or not at all. What fails is left to the next alarm: nobody waits for it. */
  #housekeep(nowMs: number): boolean {
    if (this.#housekeepingFailed) return false;
    try {
      return this.ctx.storage.transactionSync(() => this.#core.housekeep(nowMs));
    } catch (error) {
      console.error("a shard's housekeeping failed; it is tried again later", error);
      this.#housekeepingFailed = true;
      this.#startAgainUnlessSound();
      return false;
    }
  }

  /** Memory that is ahead of the log must not answer anything: the object begins again from what was written. */
  #startAgainUnlessSound(): void {
    if (!this.#core.sound) this.ctx.abort("memory and log have parted");
  }

  /** Hands over what is in the outbox, in order, and goes on with a move task. What fails is tried again by the alarm. */
  #sendDeadLetters(): void {
    const moveAtMs = this.#core.nextMoveAtMs;
    if (this.#sending || !(this.#core.hasDeadLetters || moveAtMs !== undefined)) return;
    this.#sending = true;
    const sent = this.#emptyOutbox()
      .catch((error) => {
        console.warn("messages could not be handed over to another queue; they are tried again", error);
        this.#startAgainUnlessSound();
      })
      .finally(() => {
        this.#sending = false;
      });
    this.ctx.waitUntil(sent);
    // For when this comes to nothing. By now the next slice is in the outbox: its alarm is one of the future.
    const nowMs = Date.now();
    this.#armEarlier(Math.max(this.#core.nextWakeAtMs(nowMs, false), nowMs + 1));
  }

  async #emptyOutbox(): Promise<void> {
    for (let parcels = 0; parcels < PARCELS_PER_TURN; parcels++) {
      this.#core.moveSlice(Date.now(), crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
      // Others may have begun a record while this one waited; what is not written must not leave.
      while (this.#core.openBytes > 0) await this.#commits.written(Date.now());
      const parcel = this.#core.nextParcel(this.ctx.id.toString());
      if (!parcel) break;
      const taken = await this.#handOver(parcel);
      // This queue was deleted meanwhile: there is nothing left to write about.
      if (this.#tombstone.stands) return;
      const nowMs = Date.now();
      if (taken) {
        this.#core.parcelStored(parcel.upTo);
      } else {
        if (parcel.targetArn !== undefined) this.#core.failMove();
        this.#core.takeBackParcels(nowMs);
      }
      await this.#commits.written(nowMs);
    }
    const nowMs = Date.now();
    const { nextMoveAtMs } = this.#core;
    if (nextMoveAtMs !== undefined) this.#armEarlier(Math.max(nextMoveAtMs, nowMs + 1));
  }

  /** What the catalog has of a queue: where dead letters go is no matter of this room. */
  protected abstract readQueue(id: QueueId): Promise<QueueSettings | undefined>;

  /** @returns false if there is no such queue */
  async #handOver(parcel: Parcel): Promise<boolean> {
    const arn = parcel.targetArn ?? parcel.redriveArn;
    const target = arn === undefined ? undefined : parseQueueArn(arn);
    const settings = target && (await this.readQueue(target));
    if (!settings) return false;
    const stub = this.env.QUEUE_SHARD.getByName(shardName(settings.uid), {
      locationHint: locationHintOf(settings.region),
    });
    if (await stub.takeDeadLetters(parcel)) return true;
    return (await stub.configure(settings)) && (await stub.takeDeadLetters(parcel));
  }

  /** Rings those whom there is something for, and sees to it that time's next message rings, too. */
  #serveWaiters(nowMs: number): void {
    if (this.#waiters.size === 0) return;
    this.#waiters.ring(this.#core.readyCount(nowMs, RINGS_AT_ONCE), nowMs);
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
    this.#waiters.add({ ...attachment, ring: () => ring(socket) });
  }
}

/** A socket that is just going does not take it; its close is on its way. */
function ring(socket: WebSocket): void {
  try {
    socket.send("ring");
  } catch (error) {
    console.warn("a doorbell could not be rung", error);
  }
}

/** What of a waiter survives the object's sleep, with its socket. */
interface Attachment {
  readonly id: string;
  readonly max: number;
  readonly untilMs: number;
}
