import type { Op } from "../../src/queue/ops.ts";
import type { Position } from "../../src/queue/position.ts";
import type { DeliveredMessage, SendCall, ShardReply } from "../../src/shard/calls.ts";
import { decodeRecord, RecordEncoder } from "../../src/shard/codec.ts";
import type { Log } from "../../src/shard/log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { delegatingCore, delegatingLog } from "./delegates.ts";
import type { Core, Recover } from "./shard-run.ts";

/**
 * Shards with one fault each, of the kind that slips into a queue: at a boundary, in a recovery, in a
 * crash. A suite that does not find them would not find ours either.
 */
export const brokenCores: readonly { readonly fault: string; readonly recover: Recover }[] = [
  { fault: "loses acknowledgements when it recovers", recover: forgetting("ack") },
  { fault: "loses changes of visibility when it recovers", recover: forgetting("visibility") },
  { fault: "loses a purge when it recovers", recover: forgetting("purge") },
  { fault: "forgets where it moved messages to when it recovers", recover: forgetting("relocate") },
  { fault: "answers before the record is written", recover: broken(skippingCommits) },
  { fault: "counts receives in memory only", recover: broken(countingInMemory) },
  { fault: "takes the latest receive for the first", recover: broken(latestAsFirst) },
  { fault: "hides a message a millisecond too long", recover: broken((core) => hidingFor(core, 1)) },
  { fault: "hides a message a millisecond too short", recover: broken((core) => hidingFor(core, -1)) },
  { fault: "ends an extended timeout a millisecond early", recover: broken(extendingTooShort) },
  { fault: "ends a delay a millisecond early", recover: broken(delayingTooShort) },
  { fault: "keeps a message a millisecond past its retention", recover: broken(retainingTooLong) },
  { fault: "does not apply a shorter retention", recover: broken(retainingTheLongest) },
  { fault: "keeps delayed messages through a purge", recover: broken(purgingWithoutDelayed) },
  { fault: "stores a batch again that came before the eviction", recover: storingAgain() },
  { fault: "remembers batches for ever", recover: broken(rememberingForEver) },
  { fault: "delivers the youngest first", recover: broken(deliveringBackwards) },
  { fault: "counts delayed messages as in flight", recover: broken(countingDelayedAsInFlight) },
  { fault: "deletes by the latest handle only", recover: broken(takingTheLatestHandle) },
  {
    fault: "leases one message more than may be in flight",
    recover: (log, { limits }) =>
      new ShardCore(log, { ...limits, inFlightMessages: limits.inFlightMessages + 1 }),
  },
];

export function broken(changes: (core: Core) => Partial<Core>): Recover {
  return (log, { limits }) => {
    const core = new ShardCore(log, limits);
    return delegatingCore(core, changes(core));
  };
}

/** Replays the log without the operations of some kinds. */
export function forgetting(...kinds: readonly Op["kind"][]): Recover {
  return (log, { limits }) => {
    const replay: Log["replay"] = function* (afterLsn) {
      for (const { lsn, ops: bytes } of log.replay(afterLsn)) {
        const { header, ops } = decodeRecord(lsn, bytes);
        const encoder = new RecordEncoder();
        for (const op of ops) if (!kinds.includes(op.kind)) encoder.add(op);
        yield { lsn, ops: encoder.finish(header) };
      }
    };
    return new ShardCore(delegatingLog(log, { replay }), limits);
  };
}

export function skippingCommits(core: Core): Partial<Core> {
  let commits = 0;
  return {
    commit: (nowMs) => {
      if (++commits % 3 !== 0) core.commit(nowMs);
    },
  };
}

export function countingInMemory(core: Core): Partial<Core> {
  const counts = new Map<Position, number>();
  return delivering(core, (messages) =>
    messages.map((message) => {
      const receiveCount = (counts.get(message.position) ?? 0) + 1;
      counts.set(message.position, receiveCount);
      return { ...message, receiveCount };
    }),
  );
}

export function latestAsFirst(core: Core): Partial<Core> {
  return delivering(core, (messages, nowMs) =>
    messages.map((message) => ({ ...message, firstReceivedAtMs: nowMs })),
  );
}

export function deliveringBackwards(core: Core): Partial<Core> {
  return delivering(core, (messages) => messages.toReversed());
}

export function hidingFor(core: Core, tooLongMs: number): Partial<Core> {
  return {
    execute: (call, nowMs, nonce) => {
      if (call.kind !== "receive" || call.visibilityMs === 0) return core.execute(call, nowMs, nonce);
      return core.execute({ ...call, visibilityMs: call.visibilityMs + tooLongMs }, nowMs, nonce);
    },
  };
}

export function extendingTooShort(core: Core): Partial<Core> {
  return {
    execute: (call, nowMs, nonce) => {
      if (call.kind !== "changeVisibility") return core.execute(call, nowMs, nonce);
      const changes = call.changes.map((change) => ({
        ...change,
        visibilityMs: Math.max(change.visibilityMs - 1, 0),
      }));
      return core.execute({ ...call, changes }, nowMs, nonce);
    },
  };
}

function delayingTooShort(core: Core): Partial<Core> {
  return sending(core, (call) => ({
    ...call,
    messages: call.messages.map((message) => ({ ...message, delayMs: Math.max(message.delayMs - 1, 0) })),
  }));
}

export function retainingTooLong(core: Core): Partial<Core> {
  return retaining(core, (seconds) => seconds + 0.001);
}

export function retainingTheLongest(core: Core): Partial<Core> {
  return retaining(core, (seconds) => Math.max(seconds, core.settings?.attributes.retentionSeconds ?? 0));
}

/** Purges, and then has as many delayed messages as before. */
function purgingWithoutDelayed(core: Core): Partial<Core> {
  return {
    execute: (call, nowMs, nonce) => {
      const before = core.execute({ kind: "count" }, nowMs, nonce);
      const reply = core.execute(call, nowMs, nonce);
      if (reply.kind !== "purged" || !reply.accepted || before.kind !== "counted") return reply;
      const message = { sealed: new Uint8Array(), delayMs: 1000 };
      const messages = Array.from({ length: Math.min(before.delayed, 10) }, () => message);
      const batchId = "3f0c7a52-6c0e-4e57-9d0a-6f2f7a1c9b11";
      if (messages.length > 0) core.execute({ kind: "send", batchId, messages }, nowMs, nonce);
      return reply;
    },
  };
}

/** What a recovered shard is sent for the first time is new to it, though its log may know better. */
function storingAgain(): Recover {
  const sentTo = new WeakMap<Log, Set<string>>();
  return (log, { limits }) => {
    const core = new ShardCore(log, limits);
    const sentEver = sentTo.get(log) ?? new Set();
    sentTo.set(log, sentEver);
    const sentHere = new Set<string>();
    const changes = sending(core, (call) => {
      const isForgotten = sentEver.has(call.batchId) && !sentHere.has(call.batchId);
      sentEver.add(call.batchId);
      sentHere.add(call.batchId);
      return isForgotten ? { ...call, batchId: call.batchId.replace("-0000-4000-", "-0001-4000-") } : call;
    });
    return delegatingCore(core, changes);
  };
}

function rememberingForEver(core: Core): Partial<Core> {
  const replies = new Map<string, ShardReply>();
  return {
    execute: (call, nowMs, nonce) => {
      if (call.kind !== "send") return core.execute(call, nowMs, nonce);
      const reply = replies.get(call.batchId) ?? core.execute(call, nowMs, nonce);
      replies.set(call.batchId, reply);
      return reply;
    },
  };
}

function countingDelayedAsInFlight(core: Core): Partial<Core> {
  return {
    execute: (call, nowMs, nonce) => {
      const reply = core.execute(call, nowMs, nonce);
      if (reply.kind !== "counted") return reply;
      return { ...reply, inFlight: reply.inFlight + reply.delayed, delayed: 0 };
    },
  };
}

function takingTheLatestHandle(core: Core): Partial<Core> {
  const latest = new Map<Position, number>();
  return {
    execute: (call, nowMs, nonce) => {
      const isOutdated = (position: Position, of: number) => of < (latest.get(position) ?? of);
      const reply = core.execute(
        call.kind === "delete"
          ? { ...call, leases: call.leases.filter((lease) => !isOutdated(lease.position, lease.nonce)) }
          : call,
        nowMs,
        nonce,
      );
      if (reply.kind === "received") for (const { position } of reply.messages) latest.set(position, nonce);
      return reply;
    },
  };
}

export function delivering(
  core: Core,
  change: (messages: readonly DeliveredMessage[], nowMs: number) => readonly DeliveredMessage[],
): Partial<Core> {
  return {
    execute: (call, nowMs, nonce) => {
      const reply = core.execute(call, nowMs, nonce);
      return reply.kind === "received" ? { ...reply, messages: change(reply.messages, nowMs) } : reply;
    },
  };
}

export function sending(core: Core, change: (call: SendCall) => SendCall): Partial<Core> {
  return {
    execute: (call, nowMs, nonce) => core.execute(call.kind === "send" ? change(call) : call, nowMs, nonce),
  };
}

function retaining(core: Core, change: (seconds: number) => number): Partial<Core> {
  return {
    configure: (settings, nowMs) => {
      const retentionSeconds = change(settings.attributes.retentionSeconds);
      core.configure({ ...settings, attributes: { ...settings.attributes, retentionSeconds } }, nowMs);
    },
  };
}
