import type { Op } from "../../src/queue/ops.ts";
import type { Letter, Parcel } from "../../src/shard/calls.ts";
import { decodeRecord, RecordEncoder } from "../../src/shard/codec.ts";
import type { Log } from "../../src/shard/log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import type { Place } from "./dead-letter-histories.ts";
import type { DeadLetterCore, RecoverBoth } from "./dead-letter-run.ts";
import { delegatingCore, delegatingLog } from "./delegates.ts";

/**
 * Pairs of shards with one fault each, of the kind that slips into a hand-over: at a boundary, in a recovery, in
 * a crash, in a call that comes twice. A suite that does not find them would not find ours either.
 */
export const brokenPairs: readonly { readonly fault: string; readonly recover: RecoverBoth }[] = [
  // The source.
  { fault: "delivers once more than it may", recover: at("source", countingTo(1)) },
  { fault: "delivers once less than it may", recover: at("source", countingTo(-1)) },
  { fault: "never sends anything off", recover: at("source", withoutPolicy) },
  { fault: "goes by the first policy it had", recover: at("source", keepingItsPolicy) },
  { fault: "forgets what it has sent off when it recovers", recover: forgetting("source", "deadLetterOut") },
  { fault: "forgets what it took back when it recovers", recover: forgetting("source", "deadLetterBack") },
  { fault: "loses what it takes back", recover: at("source", losingWhatComesBack) },
  { fault: "takes nothing back", recover: at("source", () => ({ takeBackParcels: () => {} })) },
  { fault: "takes a parcel for stored when it leaves", recover: at("source", trustingTheWay) },
  { fault: "takes nothing for stored", recover: at("source", () => ({ parcelStored: () => {} })) },
  { fault: "does not pause when there is nobody to take them", recover: at("source", withoutPause) },
  { fault: "never tries again after a pause", recover: at("source", givingUp) },
  { fault: "hands over the latest first", recover: at("source", handingOver(backwards)) },
  { fault: "hands over what is not written yet", recover: at("source", skippingCommits) },
  // On the way.
  { fault: "gives a message a new id", recover: at("source", eachLetter(renamed)) },
  {
    fault: "begins to count anew",
    recover: at(
      "source",
      eachLetter((letter) => ({ ...letter, receiveCount: 0 })),
    ),
  },
  {
    fault: "forgets when a message was first received",
    recover: at(
      "source",
      eachLetter((letter) => ({ ...letter, firstReceivedAtMs: letter.firstReceivedAtMs + 1 })),
    ),
  },
  {
    fault: "loses the group",
    recover: at(
      "source",
      eachLetter(({ groupId: _, ...letter }) => letter),
    ),
  },
  { fault: "forgets where a message came from", recover: at("target", receivingWithoutSource) },
  // The target.
  { fault: "takes in a parcel as often as it comes", recover: at("target", knowingNobody) },
  { fault: "forgets what it has when it recovers", recover: knowingNobodyFromBefore() },
  { fault: "forgets what it was given when it recovers", recover: forgetting("target", "deadLetterIn") },
  { fault: "answers before the parcel is written", recover: at("target", skippingCommits) },
  { fault: "takes in a parcel whole or not at all", recover: at("target", takingWholeParcels) },
  { fault: "gives a standard queue's message a new age", recover: at("target", rejuvenating) },
  { fault: "takes in the latest first", recover: at("target", storing(backwards)) },
  { fault: "forgets what a message was sealed as", recover: at("target", storing(unsealed)) },
];

function at(broken: Place, changes: (core: DeadLetterCore) => Partial<DeadLetterCore>): RecoverBoth {
  return (log, { limits }, place) => {
    const core = new ShardCore(log, limits);
    return place === broken ? delegating(core, changes(core)) : core;
  };
}

/** `core`, except for what `changes` does in its place. */
function delegating(core: DeadLetterCore, changes: Partial<DeadLetterCore>): DeadLetterCore {
  const parts = {
    nextParcel: (source) => core.nextParcel(source),
    parcelStored: (upTo) => core.parcelStored(upTo),
    takeBackParcels: (nowMs) => core.takeBackParcels(nowMs),
    storeParcel: (parcel, nowMs, batchId) => core.storeParcel(parcel, nowMs, batchId),
    ...changes,
  } satisfies Partial<DeadLetterCore>;
  const whole = Object.assign(delegatingCore(core, changes), parts);
  return Object.defineProperties(whole, {
    settings: { get: () => core.settings },
    hasDeadLetters: { get: () => core.hasDeadLetters },
  }) as unknown as DeadLetterCore;
}

/** Replays the log without the operations of one kind. */
function forgetting(broken: Place, kind: Op["kind"]): RecoverBoth {
  return (log, { limits }, place) => {
    const replay: Log["replay"] = function* (afterLsn) {
      for (const { lsn, ops: bytes } of log.replay(afterLsn)) {
        const { header, ops } = decodeRecord(lsn, bytes);
        const encoder = new RecordEncoder();
        for (const op of ops) if (op.kind !== kind) encoder.add(op);
        yield { lsn, ops: encoder.finish(header) };
      }
    };
    return new ShardCore(place === broken ? delegatingLog(log, { replay }) : log, limits);
  };
}

function withPolicy(
  core: DeadLetterCore,
  change: (policy: { deadLetterTargetArn: string; maxReceiveCount: number }) => object | undefined,
): Partial<DeadLetterCore> {
  return {
    configure: (settings, nowMs) => {
      const { redrivePolicy, ...attributes } = settings.attributes;
      const policy = redrivePolicy === undefined ? undefined : change(JSON.parse(redrivePolicy));
      const changed =
        policy === undefined ? attributes : { ...attributes, redrivePolicy: JSON.stringify(policy) };
      core.configure({ ...settings, attributes: changed }, nowMs);
    },
  };
}

function countingTo(more: number): (core: DeadLetterCore) => Partial<DeadLetterCore> {
  return (core) =>
    withPolicy(core, (policy) => ({
      ...policy,
      maxReceiveCount: Math.max(policy.maxReceiveCount + more, 1),
    }));
}

function withoutPolicy(core: DeadLetterCore): Partial<DeadLetterCore> {
  return withPolicy(core, () => undefined);
}

function keepingItsPolicy(core: DeadLetterCore): Partial<DeadLetterCore> {
  return withPolicy(core, (policy) => {
    const first = core.settings?.attributes.redrivePolicy;
    return first === undefined ? policy : (JSON.parse(first) as object);
  });
}

function losingWhatComesBack(core: DeadLetterCore): Partial<DeadLetterCore> {
  return {
    takeBackParcels: (nowMs) => {
      core.parcelStored(Number.MAX_SAFE_INTEGER);
      core.takeBackParcels(nowMs);
    },
  };
}

function trustingTheWay(core: DeadLetterCore): Partial<DeadLetterCore> {
  return {
    nextParcel: (source) => {
      const parcel = core.nextParcel(source);
      if (parcel) core.parcelStored(parcel.upTo);
      return parcel;
    },
  };
}

/** Settings that are set anew end a pause. Their version lies between two that anybody gives out. */
function withoutPause(core: DeadLetterCore): Partial<DeadLetterCore> {
  return {
    takeBackParcels: (nowMs) => {
      core.takeBackParcels(nowMs);
      const { settings } = core;
      if (settings) core.configure({ ...settings, version: settings.version + 0.001 }, nowMs);
    },
  };
}

function givingUp(core: DeadLetterCore): Partial<DeadLetterCore> {
  return {
    takeBackParcels: (nowMs) => {
      core.takeBackParcels(nowMs);
      const { settings } = core;
      if (settings === undefined) return;
      const { redrivePolicy: _, ...attributes } = settings.attributes;
      core.configure({ ...settings, attributes, version: settings.version + 0.001 }, nowMs);
    },
  };
}

function skippingCommits(core: DeadLetterCore): Partial<DeadLetterCore> {
  let commits = 0;
  return {
    commit: (nowMs) => {
      if (++commits % 3 !== 0) core.commit(nowMs);
    },
  };
}

function handingOver(change: (parcel: Parcel) => Parcel): (core: DeadLetterCore) => Partial<DeadLetterCore> {
  return (core) => ({
    nextParcel: (source) => {
      const parcel = core.nextParcel(source);
      return parcel && change(parcel);
    },
  });
}

function eachLetter(change: (letter: Letter) => Letter): (core: DeadLetterCore) => Partial<DeadLetterCore> {
  return handingOver((parcel) => ({ ...parcel, letters: parcel.letters.map(change) }));
}

function storing(change: (parcel: Parcel) => Parcel): (core: DeadLetterCore) => Partial<DeadLetterCore> {
  return (core) => ({
    storeParcel: (parcel, nowMs, batchId) => core.storeParcel(change(parcel), nowMs, batchId),
  });
}

function backwards(parcel: Parcel): Parcel {
  return { ...parcel, letters: parcel.letters.toReversed() };
}

function unsealed(parcel: Parcel): Parcel {
  return { ...parcel, letters: parcel.letters.map(({ sealedAs: _, ...letter }) => letter) };
}

function renamed(letter: Letter): Letter {
  return { ...letter, messageId: letter.messageId.replace("-4000-", "-4001-") };
}

/** Each parcel seems to come from somebody else. */
function knowingNobody(core: DeadLetterCore): Partial<DeadLetterCore> {
  let parcels = 0;
  return storing((parcel) => ({ ...parcel, source: `${parcel.source} ${++parcels}` }))(core);
}

function knowingNobodyFromBefore(): RecoverBoth {
  let lives = 0;
  const changes = (core: DeadLetterCore) => {
    const life = ++lives;
    return storing((parcel) => ({ ...parcel, source: `${parcel.source} ${life}` }))(core);
  };
  return (log, history, place) => at("target", changes)(log, history, place);
}

/** Of a parcel that it knows in part it leaves out the rest, too. */
function takingWholeParcels(core: DeadLetterCore): Partial<DeadLetterCore> {
  let known = 0;
  return {
    storeParcel: (parcel, nowMs, batchId) => {
      if ((parcel.letters[0]?.number ?? 0) <= known) return;
      known = parcel.upTo;
      core.storeParcel(parcel, nowMs, batchId);
    },
  };
}

function rejuvenating(core: DeadLetterCore): Partial<DeadLetterCore> {
  return {
    storeParcel: (parcel, nowMs, batchId) => {
      const letters = parcel.letters.map((letter) => ({ ...letter, sentAtMs: nowMs }));
      core.storeParcel({ ...parcel, letters }, nowMs, batchId);
    },
  };
}

function receivingWithoutSource(core: DeadLetterCore): Partial<DeadLetterCore> {
  return {
    execute: (call, nowMs, nonce) => {
      const reply = core.execute(call, nowMs, nonce);
      if (reply.kind !== "received") return reply;
      return { ...reply, messages: reply.messages.map(({ sourceArn: _, ...message }) => message) };
    },
  };
}
