import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { messageIdOf } from "../../src/queue/message-id.ts";
import type { DeliveredMessage } from "../../src/shard/calls.ts";
import type { MemoryLog } from "../../src/shard/memory-log.ts";
import type { FifoCall, FifoHistory, FifoPlan } from "./fifo-histories.ts";
import { FIVE_MINUTES_MS, type FifoMessage, FifoModel, type FifoState } from "./fifo-model.ts";
import { checkProperties, type FifoEvent } from "./fifo-properties.ts";
import {
  batchIdOf,
  bodyOf,
  Divergence,
  expectAwakeBy,
  expectEqual,
  expectThat,
  type Handle,
  leaseOf,
  type Recover,
  type RunOptions,
  type Setup,
  ShardRun,
  START_MS,
  settingsOf,
} from "./shard-run.ts";

/** Takes the steps with a shard and with the model. @throws Divergence where they part */
export function runFifoHistory(history: FifoHistory, recover: Recover, options: RunOptions = {}): void {
  new FifoRun({ history, recover, options }).run(history.steps);
}

/** Above every batch of a history. */
const LATER_BATCHES = 10_000;

type Called<K extends FifoCall["kind"]> = Extract<FifoCall, { kind: K }>;

interface Known {
  readonly state: FifoState;
  readonly events: number;
}

class FifoRun extends ShardRun<FifoHistory, FifoCall, Known> {
  protected readonly model: FifoModel;
  /** What happened since the queue was made; what a crash undid did not. */
  #events: FifoEvent[] = [];

  constructor(setup: Setup<FifoHistory>, log?: MemoryLog) {
    super(setup, log);
    this.model = new FifoModel(setup.history.limits, setup.history.scope);
  }

  protected begin(): void {
    this.#configure({ ...this.setup.history, isNewer: true });
  }

  protected end(): void {
    this.#drain();
    checkProperties(this.#events, this.setup.history.scope);
    // Until then the log is the memory of deduplication ids.
    this.nowMs += FIVE_MINUTES_MS;
    this.tidy();
  }

  protected perform(step: FifoCall): void {
    switch (step.kind) {
      case "send":
        this.#send(step.batch, step.messages);
        return;
      case "receive":
        this.deliver(this.#receive(step));
        return;
      case "delete":
        this.#delete(step.handles.flatMap((back) => this.handle(back)));
        return;
      case "changeVisibility":
        this.#changeVisibility(step);
        return;
      case "purge":
        this.#purge(step.minIntervalMs);
        return;
      case "configure":
        this.#configure(step);
        return;
      case "look":
        this.#look(step.enough);
        return;
    }
  }

  protected known(): Known {
    return { state: this.model.state, events: this.#events.length };
  }

  protected recall({ state, events }: Known): void {
    this.model.state = state;
    this.#events = this.#events.slice(0, events);
  }

  protected compare(): void {
    expectEqual(this.core.settings?.version, this.model.state.settingsVersion, "version of the settings");
    if (this.setup.history.isWatched) this.#compareCounts();
  }

  /** Named receives and deduplication ids are still known, and every message is there. */
  protected lookAfterACrash(): void {
    const later = new FifoRun({ ...this.setup, options: {} }, this.log.clone());
    this.resumeIn(later);
    for (const attempt of later.model.repeatable(later.nowMs)) {
      later.#receive({ max: 10, visibilityMs: 30_000, attempt });
    }
    const known = later.model.remembered(later.nowMs);
    for (let first = 0; first < known.length; first += 10) {
      const again = known.slice(first, first + 10).map((original) => ({ ...original, bodyBytes: 0 }));
      later.#send(LATER_BATCHES + first, again);
    }
    later.#drain();
  }

  /** Receives and deletes until nothing is left to wait for. */
  #drain(): void {
    this.#compareCounts();
    while (this.model.alive(this.nowMs).length > 0) {
      this.setup.options.trace?.(`at ${this.nowMs - START_MS} ms: receives and deletes what is left`);
      const handles = this.#receive({ max: 10, visibilityMs: 30_000 });
      this.#delete(handles);
      this.core.commit(this.nowMs);
      this.#compareCounts();
      if (handles.length === 0) this.nowMs = this.model.instantsAfter(this.nowMs)[0] ?? this.nowMs;
    }
    expectEqual(this.#receive({ max: 10, visibilityMs: 0 }), [], "messages of an empty queue");
  }

  #configure(plan: { retentionSeconds: number; delaySeconds: number; isNewer: boolean }): void {
    const { retentionSeconds, delaySeconds, isNewer } = plan;
    const version = this.model.state.settingsVersion + (isNewer ? 1 : 0);
    const fifo = {
      contentBasedDeduplication: false,
      deduplicationScope: this.setup.history.scope,
      throughputLimit: "perQueue",
    } as const;
    this.core.configure(settingsOf(version, { retentionSeconds, delaySeconds, fifo }), this.nowMs);
    const durations = { retentionMs: retentionSeconds * 1000, delayMs: delaySeconds * 1000 };
    this.model.configure({ version, ...durations }, this.nowMs);
  }

  #send(batch: number, plans: readonly FifoPlan[]): void {
    const messages = plans.map(({ bodyBytes, groupId, dedupId }, index) => ({
      body: bodyOf(batch, index, bodyBytes),
      groupId,
      dedupId,
    }));
    const batchId = batchIdOf(batch);
    const before = this.log.lastLsn;
    const reply = this.execute({
      kind: "send",
      batchId,
      messages: messages.map(({ body, ...message }) => ({ ...message, sealed: utf8(body), delayMs: 0 })),
    });
    // A send that the open record has no room for begins the next one.
    if (this.log.lastLsn > before) this.committed(before);
    if (reply.kind !== "sent") throw new Divergence(`a send was answered ${reply.kind}`);
    const sent = this.model.send(batchId, messages, this.nowMs);
    expectEqual(
      reply.messageIds,
      sent.map((original) => messageIdOf(original.batch, original.index)),
      "message ids in the answer to a send",
    );
    expectEqual(reply.positions.length, sent.length, "positions in the answer to a send");
    for (const [i, position] of reply.positions.entries()) {
      const { number = -1, groupId = "", dedupId = "" } = sent[i] ?? {};
      if (number < this.positions.length) {
        expectEqual(position, this.positionOf(number), `position of message ${i}, a duplicate of ${number}`);
      } else {
        const last = this.positions.at(-1) ?? -1;
        expectThat(position > last, `position ${position} of a new message must be above ${last}`);
        this.positions.push(position);
        this.#saw({ kind: "stored", number, groupId, dedupId, atMs: this.nowMs });
      }
    }
  }

  #receive(call: Omit<Called<"receive">, "kind">): readonly Handle[] {
    const fresh = this.freshNonce();
    const reply = this.execute({ kind: "receive", ...call }, fresh);
    if (reply.kind !== "received") throw new Divergence(`a receive was answered ${reply.kind}`);
    expectThat(!reply.overLimit, "a FIFO queue is never over its limit");
    const numbers = reply.messages.map(({ position }) => this.positions.indexOf(position));
    const request = { ...call, attempt: call.attempt, nonce: fresh };
    const objection = this.model.objection(request, numbers, this.nowMs);
    const answer = () => `a receive was answered ${JSON.stringify(reply.messages.map(legible))}`;
    if (objection !== undefined) throw new Divergence(`${objection}: ${answer()}`);
    const expected = this.model.receive(request, numbers, this.nowMs);
    expectEqual(reply.messages.map(legible), expected.map(asDelivered), "answer to a receive");
    return expected.map(({ number, groupId, nonce, visibleAtMs }) => {
      this.#saw({ kind: "delivered", number, groupId, nonce, atMs: this.nowMs, untilMs: visibleAtMs });
      return { number, nonce, position: this.positionOf(number) };
    });
  }

  #delete(handles: readonly Handle[]): void {
    if (handles.length === 0) return;
    const reply = this.execute({ kind: "delete", leases: handles.map(leaseOf) });
    const outcomes = this.model.delete(handles, this.nowMs);
    expectEqual(reply, { kind: "done", outcomes }, "answer to a delete");
    for (const [i, { number }] of handles.entries()) {
      if (outcomes[i] === "deleted") this.#saw({ kind: "deleted", number });
    }
  }

  #changeVisibility(step: Called<"changeVisibility">): void {
    const changes = this.planned(step.changes);
    if (changes.length === 0) return;
    const reply = this.execute({
      kind: "changeVisibility",
      changes: changes.map(({ handle, visibilityMs }) => ({ ...leaseOf(handle), visibilityMs })),
    });
    const outcomes = this.model.changeVisibility(
      changes.map(({ handle, visibilityMs }) => ({ ...handle, visibilityMs })),
      this.nowMs,
    );
    expectEqual(reply, { kind: "visibilityChanged", outcomes }, "answer to a change of visibility");
    for (const [i, { handle, visibilityMs }] of changes.entries()) {
      if (outcomes[i] !== "changed") continue;
      const { number, nonce } = handle;
      this.#saw({
        kind: "changed",
        number,
        groupId: "",
        nonce,
        atMs: this.nowMs,
        untilMs: this.nowMs + visibilityMs,
      });
    }
  }

  #purge(minIntervalMs: number): void {
    const reply = this.execute({ kind: "purge", minIntervalMs });
    const accepted = this.model.purge(minIntervalMs, this.nowMs);
    expectEqual(reply, { kind: "purged", accepted }, "answer to a purge");
    if (accepted) this.#saw({ kind: "purged" });
  }

  /** As a shard does that somebody waits for: it looks for messages, and then for when to look again. */
  #look(enough: number): void {
    const allowed = [...this.model.deliverable(this.nowMs).values()].flat();
    const expected = Math.min(allowed.length, enough);
    expectEqual(
      this.core.visibleCount(this.nowMs, enough),
      expected,
      `up to ${enough} that may be delivered`,
    );
    if (this.model.ready(this.nowMs) > 0) return;
    expectAwakeBy(this.core, this.model.nextReadyAtMs(this.nowMs), this.nowMs);
  }

  #compareCounts(): void {
    const counts = this.model.counts(this.nowMs);
    expectEqual(this.execute({ kind: "count" }), { kind: "counted", ...counts }, "counters");
  }

  #saw(event: FifoEvent): void {
    this.#events.push(event);
  }
}

function legible(message: DeliveredMessage): unknown {
  const { messageId, sealed, groupId, dedupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce } = message;
  const body = fromUtf8(sealed);
  return { messageId, body, groupId, dedupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce };
}

function asDelivered(message: FifoMessage): unknown {
  const { body, groupId, dedupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce } = message;
  const messageId = messageIdOf(message.batch, message.index);
  return { messageId, body, groupId, dedupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce };
}
