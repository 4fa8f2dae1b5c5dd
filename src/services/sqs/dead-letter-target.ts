import type { Catalog } from "../../catalog/catalog.ts";
import type { AttributeChanges } from "../../queue/attributes.ts";
import type { SqsError } from "../../queue/errors.ts";
import { deadLetterProblem, parseRedrivePolicy } from "../../queue/redrive-policy.ts";
import type { QueueId } from "../../queue/settings.ts";

/** What SQS has against the dead-letter queue that these changes, if at all, give to `source`. */
export async function checkDeadLetterTarget(
  catalog: Catalog,
  changes: AttributeChanges,
  source: QueueId,
): Promise<SqsError | undefined> {
  const text = changes.get("RedrivePolicy");
  if (!text) return undefined;
  const policy = parseRedrivePolicy(text);
  if (!policy.ok) return policy.error;
  // Not from a copy: a queue that another isolate has just deleted must not be taken.
  const target = await catalog.readQueue(policy.value.target);
  return deadLetterProblem(text, { source, target });
}
