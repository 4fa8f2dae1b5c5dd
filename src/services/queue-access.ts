import type { Resource } from "../auth/authorize.ts";
import type { QueueSettings } from "../queue/settings.ts";

/** What a queue's settings say of who may use it. */
export function policyOfQueue(settings: QueueSettings | undefined): Pick<Resource, "policy" | "boundIds"> {
  const { policy, policyIds } = settings?.attributes ?? {};
  return { policy, boundIds: policyIds };
}
