import { ok, type Result } from "../../../lib/result.ts";
import type { SnsConfirmation } from "./message.ts";
import { notAuthentic, type SnsRefusal } from "./refusal.ts";
import type { Authentic } from "./signature.ts";
import { isConfirmationUrl } from "./sns-urls.ts";

/**
 * The URL that a GET of confirms the subscription that the message asks about.
 *
 * An UnsubscribeConfirmation carries such a URL too. It would undo what the topic's owner has just done, so it is
 * refused.
 */
export function confirmationUrl(message: Authentic<SnsConfirmation>): Result<string, SnsRefusal> {
  if (message.type !== "SubscriptionConfirmation") {
    return notAuthentic("Only a SubscriptionConfirmation can be confirmed.");
  }
  return isConfirmationUrl(message.subscribeUrl, message)
    ? ok(message.subscribeUrl)
    : notAuthentic("SubscribeURL does not confirm this subscription with the SNS of the topic's region.");
}
