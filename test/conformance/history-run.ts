import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { messageIdOf } from "../../src/queue/message-id.ts";
import type { DeliveredMessage } from "../../src/shard/calls.ts";
import type { MemoryLog } from "../../src/shard/memory-log.ts";
import type { CommonStep, History, Step } from "./histories.ts";
import { type ModelMessage, type ModelState, ReferenceModel } from "./reference-model.ts";
import {
  BATCH_MEMORY_MS,
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
export function runHistory(history: History, recover: Recover, options: RunOptions = {}): void {
  new HistoryRun({ history, recover, options }).run(history.steps);
}

type Call = Exclude<Step, CommonStep>;

class HistoryRun extends ShardRun<History, Call, ModelState> {
  protected readonly model: ReferenceModel;

  constructor(setup: Setup<History>, log?: MemoryLog) {
    super(setup, log);
    const { inFlightMessages } = setup.history.limits;
    this.model = new ReferenceModel({ inFlightMessages, batchMemoryMs: BATCH_MEMORY_MS });
  }

  protected begin(): void {
    this.#configure(this.setup.history.retentionSeconds, true);
  }

  protected end(): void {
    this.#drain();
    this.tidy();
  }

  protected perform(step: Call): void {
    switch (step.kind) {
      case "send":
        this.#send(step);
        return;
      case "receive":
        this.deliver(this.#receive(step.max, step.visibilityMs));
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
        this.#configure(step.retentionSeconds, step.isNewer);
        return;
    }
  }

  protected known(): ModelState {
    return this.model.state;
  }

  protected recall(known: ModelState): void {
    this.model.state = known;
  }

  protected compare(): void {
    const counts = this.model.counts(this.nowMs);
    const reply = this.execute({ kind: "count" });
    expectEqual(reply, { kind: "counted", ...counts }, "counters");
    expectEqual(this.core.visibleCount(this.nowMs), counts.visible, "visible messages");
    if (counts.visible === 0) expectAwakeBy(this.core, this.model.nextVisibleAtMs(this.nowMs), this.nowMs);
    expectEqual(this.core.settings?.version, this.model.state.settingsVersion, "version of the settings");
  }

  protected lookAfterACrash(): void {
    const later = new HistoryRun({ ...this.setup, options: {} }, this.log.clone());
    this.resumeIn(later);
    later.compare();
    later.#drain();
  }

  /** Receives and deletes until nothing is left to wait for. */
  #drain(): void {
    for (;;) {
      this.setup.options.trace?.(`at ${this.nowMs - START_MS} ms: receives and deletes what is left`);
      const handles = this.#receive(10, 30_000);
      this.#delete(handles);
      this.core.commit(this.nowMs);
      this.compare();
      if (handles.length > 0) continue;
      const { inFlight, delayed } = this.model.counts(this.nowMs);
      if (inFlight + delayed === 0) return;
      this.nowMs = this.model.instantsAfter(this.nowMs)[0] ?? this.nowMs;
    }
  }

  #configure(retentionSeconds: number, isNewer: boolean): void {
    const version = this.model.state.settingsVersion + (isNewer ? 1 : 0);
    this.core.configure(settingsOf(version, { retentionSeconds }), this.nowMs);
    this.model.configure({ version, retentionMs: retentionSeconds * 1000 }, this.nowMs);
  }

  #send(step: Extract<Step, { kind: "send" }>): void {
    const messages = step.messages.map((plan, index) => ({
      ...plan,
      body: bodyOf(step.batch, index, plan.bodyBytes),
    }));
    const before = this.log.lastLsn;
    const reply = this.execute({
      kind: "send",
      batchId: batchIdOf(step.batch),
      messages: messages.map(({ body, delayMs, groupId }) => ({
        sealed: utf8(body),
        delayMs,
        ...(groupId === undefined ? {} : { groupId }),
      })),
    });
    // A send that the open record has no room for begins the next one.
    if (this.log.lastLsn > before) this.committed(before);
    const known = this.model.state.nextNumber;
    const numbers = this.model.send(batchIdOf(step.batch), messages, this.nowMs);
    if (reply.kind !== "sent") throw new Divergence(`a send was answered ${reply.kind}`);
    expectEqual(reply.positions.length, numbers.length, "positions in the answer to a send");
    numbers.forEach((number, i) => {
      const position = reply.positions[i] ?? Number.NaN;
      if (number < known) {
        expectEqual(position, this.positionOf(number), `position of message ${i} of a repeated batch`);
      } else {
        const last = this.positions.at(-1) ?? -1;
        expectThat(position > last, `position ${position} of a new message must be above ${last}`);
        this.positions.push(position);
      }
    });
  }

  #receive(max: number, visibilityMs: number): readonly Handle[] {
    const nonce = this.freshNonce();
    const reply = this.execute({ kind: "receive", max, visibilityMs }, nonce);
    const expected = this.model.receive({ max, visibilityMs }, this.nowMs);
    if (reply.kind !== "received") throw new Divergence(`a receive was answered ${reply.kind}`);
    expectEqual(
      { overLimit: reply.overLimit, messages: reply.messages.map((message) => this.#legible(message)) },
      {
        overLimit: expected.overLimit,
        messages: expected.messages.map((message) => ({ ...asDelivered(message), nonce })),
      },
      "answer to a receive",
    );
    return expected.messages.map(({ number }) => ({ number, position: this.positionOf(number), nonce }));
  }

  #delete(handles: readonly Handle[]): void {
    if (handles.length === 0) return;
    const reply = this.execute({ kind: "delete", leases: handles.map(leaseOf) });
    this.model.delete(
      handles.map(({ number }) => number),
      this.nowMs,
    );
    expectEqual(reply, { kind: "done" }, "answer to a delete");
  }

  #changeVisibility(step: Extract<Step, { kind: "changeVisibility" }>): void {
    const changes = this.planned(step.changes);
    if (changes.length === 0) return;
    const reply = this.execute({
      kind: "changeVisibility",
      changes: changes.map(({ handle, visibilityMs }) => ({ ...leaseOf(handle), visibilityMs })),
    });
    const outcomes = changes.map(({ handle, visibilityMs }) =>
      this.model.changeVisibility({ number: handle.number, visibilityMs }, this.nowMs),
    );
    expectEqual(reply, { kind: "visibilityChanged", outcomes }, "answer to a change of visibility");
  }

  #purge(minIntervalMs: number): void {
    const reply = this.execute({ kind: "purge", minIntervalMs });
    const accepted = this.model.purge(minIntervalMs, this.nowMs);
    expectEqual(reply, { kind: "purged", accepted }, "answer to a purge");
  }

  #legible(message: DeliveredMessage): unknown {
    const { messageId, sentAtMs, receiveCount, firstReceivedAtMs, groupId, nonce } = message;
    const number = this.positions.indexOf(message.position);
    const body = fromUtf8(message.sealed);
    return { number, messageId, body, groupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce };
  }
}

function asDelivered(message: ModelMessage) {
  const { number, body, groupId, sentAtMs, receiveCount, firstReceivedAtMs } = message;
  const messageId = messageIdOf(message.batch, message.index);
  return { number, messageId, body, groupId, sentAtMs, receiveCount, firstReceivedAtMs };
}
