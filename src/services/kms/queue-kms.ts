import type { Caller } from "../../auth/caller.ts";
import type { QueueKms } from "../../encryption/queue-kms.ts";
import {
  decryptDataKey,
  generateDataKey,
  mayDecrypt,
  mayOpen,
  maySeal,
  type QueueKeyRequest,
} from "./data-keys.ts";

/** KMS as the messages of one request need it, for whoever sends or receives them. */
export function queueKms({ kms, caller, facts, nowMs }: QueueKeyRequest): QueueKms {
  const request = { kms, caller, facts, nowMs };
  return {
    principal: principalOf(caller),
    maySeal: (key) => maySeal(request, key),
    mayOpen: (key) => mayOpen(request, key),
    mayDecrypt: (dataKey) => mayDecrypt(request, dataKey),
    generateDataKey: (key) => generateDataKey(request, key),
    decryptDataKey: (dataKey) => decryptDataKey(request, dataKey),
  };
}

/**
 * Sessions of a role are one, however many there are, unless they were limited. A user that was made again under the same
 * name is another.
 */
function principalOf({ kind, arn, roleArn, userId, accessKeyId, sessionPolicies, service, source }: Caller) {
  if (kind === "service") return `${service} ${source?.arn}`;
  if (sessionPolicies) return `session ${accessKeyId}`;
  const [uniqueId] = userId.split(":");
  return `${roleArn ?? arn} ${uniqueId}`;
}
