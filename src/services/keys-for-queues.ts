/** What SQS may use of KMS: one door, so that their folders stay apart. */
export type { QueueKeyRequest } from "./kms/data-keys.ts";
export { KmsUnavailable } from "./kms/external.ts";
export { queueKms } from "./kms/queue-kms.ts";
