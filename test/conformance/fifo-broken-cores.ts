import { messageIdOf } from "../../src/queue/message-id.ts";
import type { Position } from "../../src/queue/position.ts";
import type { QueueAttributes } from "../../src/queue/settings.ts";
import type {
  DeliveredMessage,
  OutgoingMessage,
  ReceiveCall,
  Received,
  SendCall,
  Sent,
  ShardReply,
} from "../../src/shard/calls.ts";
import type { Log } from "../../src/shard/log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import {
  broken,
  countingInMemory,
  delivering,
  deliveringBackwards,
  extendingTooShort,
  forgetting,
  hidingFor,
  latestAsFirst,
  retainingTheLongest,
  retainingTooLong,
  skippingCommits,
} from "./broken-cores.ts";
import { delegatingCore } from "./delegates.ts";
import type { Core, Recover } from "./shard-run.ts";

/** FIFO shards with one fault each: see the broken cores of standard queues. */
export const fifoBrokenCores: readonly { readonly fault: string; readonly recover: Recover }[] = [
  { fault: "loses acknowledgements when it recovers", recover: forgetting("ack") },
  { fault: "loses changes of visibility when it recovers", recover: forgetting("visibility") },
  { fault: "loses a purge when it recovers", recover: forgetting("purge") },
  { fault: "forgets where it moved messages to when it recovers", recover: forgetting("relocate") },
  { fault: "gives messages out again when it recovers", recover: forgetting("groupLease", "repeat") },
  { fault: "forgets that it repeated an answer when it recovers", recover: forgetting("repeat") },
  { fault: "answers before the record is written", recover: broken(skippingCommits) },
  { fault: "counts receives in memory only", recover: broken(countingInMemory) },
  { fault: "takes the latest receive for the first", recover: broken(latestAsFirst) },
  { fault: "hides a message a millisecond too long", recover: broken((core) => hidingFor(core, 1)) },
  { fault: "hides a message a millisecond too short", recover: broken((core) => hidingFor(core, -1)) },
  { fault: "ends an extended timeout a millisecond early", recover: broken(extendingTooShort) },
  { fault: "keeps a message a millisecond past its retention", recover: broken(retainingTooLong) },
  { fault: "does not apply a shorter retention", recover: broken(retainingTheLongest) },
  { fault: "ends a delay a millisecond early", recover: broken(delayingTooShort) },
  { fault: "keeps the delay that it was made with", recover: broken(delayingAsEver) },

  { fault: "leaves a group open while one of its messages is in flight", recover: broken(notLocking) },
  { fault: "delivers a group's youngest first", recover: broken(deliveringBackwards) },
  { fault: "loses a group's order when it recovers", recover: losingOrder() },
  { fault: "gives from all groups in turn", recover: broken(dealing) },
  { fault: "withholds a message", recover: broken(withholding) },
  { fault: "does not count messages that wait for others", recover: broken(countingDeliverable) },
  { fault: "says that it is over its limit", recover: broken(complaining) },
  {
    fault: "leases one message more than may be in flight",
    recover: (log, { limits }) =>
      new ShardCore(log, { ...limits, inFlightMessages: limits.inFlightMessages + 1 }),
  },

  { fault: "remembers a deduplication id a millisecond too long", recover: broken(remembering(1)) },
  { fault: "forgets a deduplication id a millisecond early", recover: broken(remembering(-1)) },
  { fault: "forgets a deduplication id with its message", recover: broken(forgettingDeleted) },
  { fault: "forgets deduplication ids when it recovers", recover: forgettingIds() },
  { fault: "remembers deduplication ids after a purge", recover: broken(rememberingPurged) },
  { fault: "does not compare the messages of one batch", recover: broken(storingTwins) },
  { fault: "deduplicates across groups", recover: broken((core) => scoped(core, "queue")) },
  { fault: "deduplicates within groups only", recover: broken((core) => scoped(core, "messageGroup")) },
  { fault: "gives a duplicate an id of its own", recover: broken(namingDuplicates) },

  { fault: "deletes by an outdated handle", recover: broken(takingAnyHandle) },
  { fault: "says that it deleted what it did not", recover: broken(promisingDeletes) },

  { fault: "ignores the name of a receive", recover: broken(ignoringAttempts) },
  { fault: "forgets the names of receives when it recovers", recover: forgettingAttempts() },
  {
    fault: "repeats an answer although a visibility was changed",
    recover: broken((core) => repeating(core, { evenIf: "changed" })),
  },
  {
    fault: "repeats an answer although a message was deleted",
    recover: broken((core) => repeating(core, { evenIf: "deleted" })),
  },
  {
    fault: "repeats an answer although a timeout is over",
    recover: broken((core) => repeating(core, { evenIf: "expired" })),
  },
  {
    fault: "repeats an answer after five minutes",
    recover: broken((core) => repeating(core, { evenIf: "old" })),
  },
];

const FIVE_MINUTES_MS = 300_000;

function delayingTooShort(core: Core): Partial<Core> {
  return attributed(core, ({ delaySeconds }) => ({ delaySeconds: Math.max(delaySeconds - 0.001, 0) }));
}

function delayingAsEver(core: Core): Partial<Core> {
  return attributed(core, ({ delaySeconds }) => ({
    delaySeconds: core.settings?.attributes.delaySeconds ?? delaySeconds,
  }));
}

/** Every message is a group of its own. */
function notLocking(core: Core): Partial<Core> {
  return marking(core, ({ groupId }, batchId, index) => {
    const isByGroup = core.settings?.attributes.fifo?.deduplicationScope === "messageGroup";
    return isByGroup ? {} : { groupId: `${groupId}~${batchId}.${index}` };
  });
}

/** Whoever comes back from a log has the messages of the first receive upside down. */
function losingOrder(): Recover {
  return (log, { limits }) => {
    const core = new ShardCore(log, limits);
    let isOrderly = log.epochs().length === 0;
    const changes = delivering(core, (messages) => {
      const answer = isOrderly ? messages : messages.toReversed();
      isOrderly ||= messages.length > 1;
      return answer;
    });
    return delegatingCore(core, changes);
  };
}

function dealing(core: Core): Partial<Core> {
  return delivering(core, (messages) => {
    const place = (message: DeliveredMessage) =>
      messages.filter(({ groupId }) => groupId === message.groupId).indexOf(message);
    return messages.toSorted((a, b) => place(a) - place(b));
  });
}

function withholding(core: Core): Partial<Core> {
  return receiving(core, (call) => ({ ...call, max: Math.max(call.max - 1, 1) }));
}

function countingDeliverable(core: Core): Partial<Core> {
  return answering(core, "counted", (reply, nowMs) => ({ ...reply, visible: core.visibleCount(nowMs) }));
}

function complaining(core: Core): Partial<Core> {
  const limit = 3;
  return answering(core, "received", (reply, nowMs) => {
    const counted = core.execute({ kind: "count" }, nowMs, 0);
    return { ...reply, overLimit: counted.kind === "counted" && counted.inFlight >= limit };
  });
}

/** Keeps a deduplication id for so much longer or shorter than five minutes. */
function remembering(moreMs: number): (core: Core) => Partial<Core> {
  return (core) => {
    const originals = new Map<string, Kept>();
    return moreMs > 0
      ? suppressing(core, originals, (ageMs) => ageMs >= FIVE_MINUTES_MS && ageMs < FIVE_MINUTES_MS + moreMs)
      : renaming(core, originals, (ageMs) => ageMs >= FIVE_MINUTES_MS + moreMs && ageMs < FIVE_MINUTES_MS);
  };
}

function forgettingDeleted(core: Core): Partial<Core> {
  const deleted = new Set<Position>();
  const originals = new Map<string, Kept>();
  const changes = renaming(core, originals, (_, { position }) => deleted.has(position));
  return {
    execute: (call, nowMs, nonce) => {
      const reply = changes.execute(call, nowMs, nonce);
      if (call.kind === "delete" && reply.kind === "done") {
        for (const [i, { position }] of call.leases.entries()) {
          if (reply.outcomes?.[i] === "deleted") deleted.add(position);
        }
      }
      return reply;
    },
  };
}

function rememberingPurged(core: Core): Partial<Core> {
  let purgedAtMs = Number.NEGATIVE_INFINITY;
  const changes = suppressing(
    core,
    new Map(),
    (ageMs, { atMs }) => atMs <= purgedAtMs && ageMs < FIVE_MINUTES_MS,
  );
  return {
    execute: (call, nowMs, nonce) => {
      const reply = changes.execute(call, nowMs, nonce);
      if (reply.kind === "purged" && reply.accepted) purgedAtMs = nowMs;
      return reply;
    },
  };
}

/** Ids that were used before an eviction are others after it. */
function forgettingIds(): Recover {
  return livingOften((core, life) => marking(core, ({ dedupId }) => ({ dedupId: `${dedupId}~${life}` })));
}

function storingTwins(core: Core): Partial<Core> {
  const batchOf = new Map<string, string>();
  return marking(core, ({ dedupId = "" }, batchId, index) => {
    const isTwin = batchOf.get(dedupId) === batchId;
    batchOf.set(dedupId, batchId);
    return isTwin ? { dedupId: `${dedupId}~${batchId}.${index}` } : {};
  });
}

function scoped(core: Core, deduplicationScope: "queue" | "messageGroup"): Partial<Core> {
  return attributed(core, ({ fifo }) => (fifo ? { fifo: { ...fifo, deduplicationScope } } : {}));
}

function namingDuplicates(core: Core): Partial<Core> {
  return {
    execute: (call, nowMs, nonce) => {
      const reply = core.execute(call, nowMs, nonce);
      if (call.kind !== "send" || reply.kind !== "sent") return reply;
      return { ...reply, messageIds: call.messages.map((_, i) => messageIdOf(call.batchId, i)) };
    },
  };
}

function takingAnyHandle(core: Core): Partial<Core> {
  const latest = new Map<Position, number>();
  return {
    execute: (call, nowMs, nonce) => {
      const upToDate =
        call.kind === "delete"
          ? {
              ...call,
              leases: call.leases.map((lease) => ({
                ...lease,
                nonce: latest.get(lease.position) ?? lease.nonce,
              })),
            }
          : call;
      const reply = core.execute(upToDate, nowMs, nonce);
      if (reply.kind === "received") for (const each of reply.messages) latest.set(each.position, each.nonce);
      return reply;
    },
  };
}

function promisingDeletes(core: Core): Partial<Core> {
  return answering(core, "done", (reply) => ({
    ...reply,
    outcomes: (reply.outcomes ?? []).map(() => "deleted" as const),
  }));
}

function ignoringAttempts(core: Core): Partial<Core> {
  return receiving(core, ({ attempt: _, ...call }) => call);
}

function forgettingAttempts(): Recover {
  return livingOften((core, life) =>
    receiving(core, ({ attempt, ...call }) =>
      attempt === undefined ? call : { ...call, attempt: `${attempt}~${life}` },
    ),
  );
}

interface Remembered {
  readonly atMs: number;
  readonly reply: Received;
  readonly untilMs: Map<Position, number>;
  isChanged: boolean;
  isDeleted: boolean;
}

/** Repeats its answer to a named receive in one case in which it must not. */
function repeating(
  core: Core,
  { evenIf }: { readonly evenIf: "changed" | "deleted" | "expired" | "old" },
): Partial<Core> {
  const attempts = new Map<string, Remembered>();
  const isRepeated = (attempt: Remembered, nowMs: number): boolean => {
    const isExpired = [...attempt.untilMs.values()].some((untilMs) => nowMs >= untilMs);
    const isOld = nowMs >= attempt.atMs + FIVE_MINUTES_MS;
    const troubles = {
      changed: attempt.isChanged,
      deleted: attempt.isDeleted,
      expired: isExpired,
      old: isOld,
    };
    const { [evenIf]: trouble, ...others } = troubles;
    return trouble && !Object.values(others).includes(true);
  };
  const execute: Core["execute"] = (call, nowMs, nonce) => {
    if (call.kind === "receive" && call.attempt !== undefined) {
      const attempt = attempts.get(call.attempt);
      if (attempt && isRepeated(attempt, nowMs)) return attempt.reply;
    }
    const reply = core.execute(call, nowMs, nonce);
    if (call.kind === "receive" && call.attempt !== undefined && reply.kind === "received") {
      const untilMs = new Map(
        reply.messages.map(({ position }) => [position, nowMs + call.visibilityMs] as const),
      );
      const isAgain = reply.messages[0]?.nonce !== nonce;
      const atMs = (isAgain && attempts.get(call.attempt)?.atMs) || nowMs;
      attempts.set(call.attempt, { atMs, reply, untilMs, isChanged: false, isDeleted: false });
    }
    for (const attempt of attempts.values()) {
      if (call.kind === "delete") {
        attempt.isDeleted ||= call.leases.some(({ position }) => attempt.untilMs.has(position));
      }
      if (call.kind !== "changeVisibility" || reply.kind !== "visibilityChanged") continue;
      for (const [i, { position, visibilityMs }] of call.changes.entries()) {
        if (reply.outcomes[i] !== "changed" || !attempt.untilMs.has(position)) continue;
        attempt.isChanged = true;
        attempt.untilMs.set(position, nowMs + visibilityMs);
      }
    }
    return reply;
  };
  return { execute };
}

/** What a fault remembers of a message that was accepted. */
interface Kept {
  readonly atMs: number;
  readonly position: Position;
  readonly messageId: string;
}

type IsAffected = (ageMs: number, original: Kept) => boolean;
type Executing = Pick<Core, "execute">;

/** Takes messages for duplicates that are none. */
function suppressing(core: Core, originals: Map<string, Kept>, isAffected: IsAffected): Executing {
  return sendingOneByOne(core, originals, (_, original, nowMs) =>
    original && isAffected(nowMs - original.atMs, original) ? "suppress" : "pass",
  );
}

/** Does not know duplicates for what they are. */
function renaming(core: Core, originals: Map<string, Kept>, isAffected: IsAffected): Executing {
  let renamed = 0;
  return sendingOneByOne(core, originals, ({ dedupId }, original, nowMs) =>
    original && isAffected(nowMs - original.atMs, original) ? { dedupId: `${dedupId}~${++renamed}` } : "pass",
  );
}

type Fate = "pass" | "suppress" | { readonly dedupId: string };

function sendingOneByOne(
  core: Core,
  originals: Map<string, Kept>,
  fateOf: (message: OutgoingMessage, original: Kept | undefined, nowMs: number) => Fate,
): Executing {
  const keyOf = ({ groupId, dedupId }: OutgoingMessage) => {
    const isByGroup = core.settings?.attributes.fifo?.deduplicationScope === "messageGroup";
    return JSON.stringify([isByGroup ? groupId : "", dedupId]);
  };
  const send = (call: SendCall, nowMs: number, nonce: number): ShardReply => {
    const fates = call.messages.map((message) => fateOf(message, originals.get(keyOf(message)), nowMs));
    if (!fates.every((fate) => fate === "suppress")) {
      const messages = call.messages.map((message, i) => {
        const fate = fates[i];
        return typeof fate === "object" ? { ...message, ...fate } : message;
      });
      const reply = core.execute({ ...call, messages }, nowMs, nonce);
      if (reply.kind === "sent") note(call, reply, nowMs);
      return reply;
    }
    const known = call.messages.map((message) => originals.get(keyOf(message)));
    return {
      kind: "sent",
      positions: known.map((original) => original?.position ?? Number.NaN),
      messageIds: known.map((original) => original?.messageId ?? ""),
    };
  };
  const note = (call: SendCall, { positions, messageIds }: Sent, nowMs: number) => {
    for (const [i, message] of call.messages.entries()) {
      const key = keyOf(message);
      const position = positions[i] ?? Number.NaN;
      if (originals.get(key)?.position === position) continue;
      originals.set(key, { atMs: nowMs, position, messageId: messageIds?.[i] ?? "" });
    }
  };
  return {
    execute: (call, nowMs, nonce) =>
      call.kind === "send" ? send(call, nowMs, nonce) : unmarked(core.execute(call, nowMs, nonce)),
  };
}

/** Stores messages under other ids; what is given out has its own again. Ids of histories have no tilde. */
function marking(
  core: Core,
  change: (message: OutgoingMessage, batchId: string, index: number) => Partial<OutgoingMessage>,
): Executing {
  const marked = (call: SendCall): SendCall => {
    const messages = call.messages.map((message, i) => ({ ...message, ...change(message, call.batchId, i) }));
    return { ...call, messages };
  };
  return {
    execute: (call, nowMs, nonce) =>
      unmarked(core.execute(call.kind === "send" ? marked(call) : call, nowMs, nonce)),
  };
}

/** Tells a shard how often one came back from its log. */
function livingOften(changes: (core: Core, life: number) => Partial<Core>): Recover {
  const lives = new WeakMap<Log, number>();
  return (log, { limits }) => {
    const core = new ShardCore(log, limits);
    const life = (lives.get(log) ?? 0) + 1;
    lives.set(log, life);
    return delegatingCore(core, changes(core, life));
  };
}

function unmarked(reply: ShardReply): ShardReply {
  if (reply.kind !== "received") return reply;
  const own = (id = "") => id.replace(/~.*/, "");
  const messages = reply.messages.map((message) => ({
    ...message,
    groupId: own(message.groupId),
    dedupId: own(message.dedupId),
  }));
  return { ...reply, messages };
}

function receiving(core: Core, change: (call: ReceiveCall) => ReceiveCall): Executing {
  return {
    execute: (call, nowMs, nonce) =>
      core.execute(call.kind === "receive" ? change(call) : call, nowMs, nonce),
  };
}

function answering<K extends ShardReply["kind"]>(
  core: Core,
  kind: K,
  change: (reply: Extract<ShardReply, { kind: K }>, nowMs: number) => ShardReply,
): Executing {
  const is = (reply: ShardReply): reply is Extract<ShardReply, { kind: K }> => reply.kind === kind;
  return {
    execute: (call, nowMs, nonce) => {
      const reply = core.execute(call, nowMs, nonce);
      return is(reply) ? change(reply, nowMs) : reply;
    },
  };
}

function attributed(
  core: Core,
  change: (attributes: QueueAttributes) => Partial<QueueAttributes>,
): Partial<Core> {
  return {
    configure: (settings, nowMs) => {
      const attributes = { ...settings.attributes, ...change(settings.attributes) };
      core.configure({ ...settings, attributes }, nowMs);
    },
  };
}
