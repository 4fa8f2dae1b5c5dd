import type { OpenBody } from "../../encryption/bodies.ts";
import type { SqsError } from "../../queue/errors.ts";
import type { QueueSettings } from "../../queue/settings.ts";
import type { DeliveredMessage } from "../../shard/calls.ts";
import { KmsUnavailable } from "../keys-for-queues.ts";
import { decodeStoredMessage, type StoredMessage } from "./stored-message.ts";

/** What a receive leased, as far as the caller may read it. */
export interface OpenedMessages {
  /** In the order of delivery. */
  readonly opened: readonly OpenedMessage[];
  /** Why the first that is refused is: by its key, or because KMS is away. */
  readonly because: SqsError | KmsUnavailable | undefined;
}

export interface OpenedMessage {
  readonly delivered: DeliveredMessage;
  readonly stored: StoredMessage;
}

/**
 * Opens messages, each on its own. One that does not open must not hide the others, except, on a FIFO queue, those behind
 * it in its group. It stays leased until its timeout is over: given back at once it would stand first again, and ten
 * such messages would keep everything behind them from ever being received.
 */
export async function openMessages(
  messages: readonly DeliveredMessage[],
  { attributes, uid }: QueueSettings,
  open: OpenBody,
): Promise<OpenedMessages> {
  const outcomes = await Promise.all(messages.map((delivered) => tryOpen(delivered, uid, open)));
  const opened: OpenedMessage[] = [];
  /** Of a FIFO queue: what stands behind in them must not overtake what did not open. */
  const heldGroups = new Set<string | undefined>();
  for (const [index, delivered] of messages.entries()) {
    const outcome = outcomes[index];
    if (attributes.fifo && heldGroups.has(delivered.groupId)) continue;
    if (outcome?.kind === "opened") opened.push({ delivered, stored: outcome.stored });
    else heldGroups.add(delivered.groupId);
  }
  const refused = outcomes.find((outcome) => outcome.kind === "refused");
  return { opened, because: refused?.because };
}

type Outcome =
  | { readonly kind: "opened"; readonly stored: StoredMessage }
  | { readonly kind: "refused"; readonly because: SqsError | KmsUnavailable }
  | { readonly kind: "corrupt" };

async function tryOpen(delivered: DeliveredMessage, uid: string, open: OpenBody): Promise<Outcome> {
  const { sealed, messageId, sealedAs = messageId } = delivered;
  try {
    const bytes = await open(sealed, sealedAs);
    return bytes.ok
      ? { kind: "opened", stored: decodeStoredMessage(bytes.value) }
      : { kind: "refused", because: bytes.error };
  } catch (cause) {
    console.error(`message ${messageId} of queue ${uid} cannot be opened`, cause);
    return cause instanceof KmsUnavailable ? { kind: "refused", because: cause } : { kind: "corrupt" };
  }
}
