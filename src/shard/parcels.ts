import { packUuid, unpackUuid } from "../lib/uuid.ts";
import { isFifo } from "../queue/fifo.ts";
import { messageIdOf } from "../queue/message-id.ts";
import type { DeadLetter, DeadLetterInOp, MoveInOp, SentMessage } from "../queue/ops.ts";
import type { Position } from "../queue/position.ts";
import { queueArn } from "../queue/queue-arn.ts";
import type { QueueState } from "../queue/state.ts";
import type { Letter, Parcel } from "./calls.ts";
import type { RecordMessage } from "./record.ts";

/** Between the outbox of one shard and the log of another: how messages are packed and what they become there. */

/** In one parcel: a call of about a millisecond to the other shard. */
const LETTERS_AT_ONCE = 100;

/**
 * The first messages of the outbox that go to the same queue, in order.
 *
 * @param find a message and its body, by where they are
 * @returns undefined if the outbox is empty
 */
export function packParcel(
  { settings, outbox }: QueueState,
  source: string,
  maxBytes: number,
  find: (at: Position) => { readonly message: RecordMessage; readonly sealed: Uint8Array },
): Parcel | undefined {
  const letters: Letter[] = [];
  let upTo = 0;
  let bytes = 0;
  const { targetArn, redriveArn } = outbox.values().next().value ?? {};
  for (const [number, outbound] of outbox) {
    if (outbound.targetArn !== targetArn || outbound.redriveArn !== redriveArn) break;
    const touched = outbound.message;
    const { message, sealed } = find(touched.at);
    bytes += message.bodyBytes;
    if (letters.length > 0 && (letters.length === LETTERS_AT_ONCE || bytes > maxBytes)) break;
    const { groupId, sealedAs } = message;
    const { sentAtMs, receiveCount, firstReceivedAtMs } = touched;
    letters.push({
      number,
      messageId: messageIdOf(unpackUuid(message.batch), message.batchIndex),
      ...{ sealed, sentAtMs, receiveCount, firstReceivedAtMs },
      ...(groupId === undefined ? undefined : { groupId }),
      ...(sealedAs === undefined ? undefined : { sealedAs: unpackUuid(sealedAs) }),
    });
    upTo = number;
  }
  if (!settings || letters.length === 0) return undefined;
  const sourceArn = queueArn(settings);
  return {
    ...{ source, sourceArn, upTo, letters },
    ...(targetArn === undefined ? undefined : { targetArn }),
    ...(redriveArn === undefined ? undefined : { redriveArn }),
  };
}

/** Those of a parcel that have not come before: a sender that has not heard the answer sends them again. */
export function newLetters(state: QueueState, { source, letters }: Parcel): readonly Letter[] {
  const known = state.inbox.get(source) ?? 0;
  return letters.filter(({ number }) => number > known);
}

/** What a parcel becomes in the log of the queue that takes it. Its letters are all new. */
export function unpackParcel(
  state: QueueState,
  { source, sourceArn, upTo, targetArn, letters }: Parcel,
  nowMs: number,
  batchId: string,
): DeadLetterInOp | MoveInOp {
  const fifo = isFifo(state);
  const atMs = Math.max(nowMs, state.lastSentAtMs);
  if (targetArn === undefined) {
    const messages = letters.map((letter) => deadLetterOf(letter, fifo, atMs));
    return { kind: "deadLetterIn", source, sourceArn, upTo, atMs, messages };
  }
  const messages = letters.map(
    ({ messageId, sealed, sealedAs = messageId, groupId }, i): SentMessage => ({
      bodyBytes: sealed.length,
      delayMs: 0,
      // It gets an id of its own, and stays sealed under the one it had.
      sealedAs: packUuid(sealedAs),
      ...(groupId === undefined ? undefined : { groupId }),
      ...(fifo ? { dedupId: messageIdOf(batchId, i) } : undefined),
    }),
  );
  return { kind: "moveIn", source, upTo, batch: packUuid(batchId), sentAtMs: atMs, messages };
}

function deadLetterOf(letter: Letter, fifo: boolean, atMs: number): DeadLetter {
  const { messageId, sealed, sealedAs, receiveCount, firstReceivedAtMs, groupId } = letter;
  return {
    id: packUuid(messageId),
    bodyBytes: sealed.length,
    sentAtMs: fifo ? atMs : letter.sentAtMs,
    receiveCount,
    firstReceivedAtMs,
    ...(sealedAs === undefined ? undefined : { sealedAs: packUuid(sealedAs) }),
    ...(groupId === undefined ? undefined : { groupId }),
    // Equal bodies must not collapse: a dead letter is deduplicated by its own id.
    ...(fifo ? { dedupId: messageId } : undefined),
  };
}
