/** What other services may use of SQS: one door, so that their folders stay apart. */
export { sendMessage } from "./sqs/send-message.ts";
export { sendMessageBatch } from "./sqs/send-message-batch.ts";
