import { createHash } from "node:crypto";
import { invalidParameter, missingParameter, type SqsError } from "./errors.ts";
import { limits } from "./limits.ts";
import type { FifoAttributes } from "./settings.ts";

export type FifoIdName = "MessageGroupId" | "MessageDeduplicationId" | "ReceiveRequestAttemptId";

/** Letters, digits and punctuation of ASCII: everything from `!` to `~`. */
export function checkFifoId(name: FifoIdName, id: string): SqsError | undefined {
  if (id.length >= 1 && id.length <= limits.fifoIdLength && isGraphicAscii(id)) return undefined;
  return invalidParameter(
    `Value ${id} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and ` +
      `punctuation characters. 1 to ${limits.fifoIdLength} in length.`,
  );
}

/**
 * What messages to a FIFO queue lack that are sent together: SQS misses a group in any of them before it
 * misses a deduplication id.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function missingFifoId(
  fifo: FifoAttributes,
  messages: readonly {
    readonly MessageGroupId?: string | undefined;
    readonly MessageDeduplicationId?: string | undefined;
  }[],
): SqsError | undefined {
  if (messages.some(({ MessageGroupId }) => MessageGroupId === undefined)) {
    return missingParameter("MessageGroupId");
  }
  if (fifo.contentBasedDeduplication) return undefined;
  if (messages.some(({ MessageDeduplicationId }) => MessageDeduplicationId === undefined)) {
    return invalidParameter(
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
  }
  return undefined;
}

/** ContentBasedDeduplication: the SHA-256 of the body's UTF-8 in lower-case hex. Attributes have no part in it. */
export function contentDedupId(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}

function isGraphicAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x21 || unit > 0x7e) return false;
  }
  return true;
}
