import { createHash, randomBytes } from "node:crypto";
import type { ConfirmationToken, Subscription } from "../../catalog/subscription-rows.ts";
import { limits } from "../../queue/limits.ts";
import { parseQueueArn } from "../../queue/queue-arn.ts";
import type { RequestContext } from "../action.ts";
import { confirmationEnvelope } from "./envelope.ts";
import { sendToQueue } from "./send-to-queue.ts";
import { topicArn } from "./topic-arn.ts";

/** What the account of a queue confirms with: the text goes to the queue, and only what it hashes to is kept. */
export interface NewToken {
  readonly text: string;
  readonly kept: ConfirmationToken;
}

export function newToken(nowMs: number): NewToken {
  const text = randomBytes(TOKEN_BYTES).toString("hex");
  return { text, kept: { hash: tokenHash(text), expiresAtMs: nowMs + limits.snsConfirmationTokenMs } };
}

export function isToken(text: string): boolean {
  return text.length === TOKEN_BYTES * 2 && /^[0-9a-f]+$/.test(text);
}

/** SHA-256 in hexadecimal. A token is random enough to need no salt. */
export function tokenHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Asks the account of a queue by a message to the queue, whose policy says whether SNS may send it. Where it does not,
 * nobody is asked and the subscription stays pending.
 *
 * @throws when the queue cannot be reached: subscribing again asks again
 */
export async function askForConfirmation(
  context: RequestContext,
  subscription: Subscription,
  token: string,
): Promise<void> {
  const queue = parseQueueArn(subscription.endpoint);
  if (queue === undefined) return;
  const { topic, id } = subscription;
  const arn = topicArn(topic);
  const messageId = context.batchId;
  const [outcome] = await sendToQueue(context, {
    queue,
    source: { arn, account: topic.account },
    batchId: messageId,
    entries: [
      {
        body: confirmationEnvelope({
          messageId,
          topic: arn,
          token,
          timestamp: new Date(context.nowMs).toISOString(),
        }),
        attributes: [],
        groupId: queue.name.endsWith(".fifo") ? id : undefined,
        dedupId: queue.name.endsWith(".fifo") ? messageId : undefined,
      },
    ],
  });
  if (outcome?.kind === "failed") throw outcome.cause;
}

const TOKEN_BYTES = 32;
