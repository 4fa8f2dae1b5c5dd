import { err, ok } from "../../lib/result.ts";
import { checkBatch, checkBatchBytes } from "../../queue/batch.ts";
import { invalidParameter, missingParameter } from "../../queue/errors.ts";
import { missingFifoId } from "../../queue/fifo-ids.ts";
import { list, optional, required, string, structure } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { batchResultErrorEntry, checkEntries } from "./batch-entries.ts";
import {
  checkMessage,
  type SendWording,
  sendEntry,
  sendMembers,
  sentAnswer,
  sentMembers,
  storeMessages,
} from "./send-entry.ts";

const ENTRY = "SendMessageBatchRequestEntry";

const wording: SendWording = {
  tooLong: "One or more parameters cannot be validated.",
  dedupIdOnStandard: "The request include parameter that is not valid for this queue type",
};

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
export const sendMessageBatch = queueAction({
  name: "SendMessageBatch",
  asksShardFirst: true,
  permission: "sqs:SendMessage",
  input: {
    QueueUrl: required(string),
    Entries: required(list(structure({ Id: required(string), ...sendMembers }), { queryName: ENTRY })),
  },
  output: {
    Successful: optional(
      list(structure({ Id: required(string), ...sentMembers }), { queryName: "SendMessageBatchResultEntry" }),
    ),
    Failed: optional(list(batchResultErrorEntry, { queryName: "BatchResultErrorEntry" })),
  },
  run: async ({ input, ...request }) => {
    const { caller, traceHeader, queue } = request;
    const misshapen = checkBatch(ENTRY, input.Entries);
    if (misshapen !== undefined) return err(misshapen);
    const entries = input.Entries.map((entry) => ({ Id: entry.Id, entry: sendEntry(entry) }));
    const tooLong = checkBatchBytes(entries.reduce((sum, { entry }) => sum + entry.bytes, 0));
    if (tooLong !== undefined) return err(tooLong);
    const { fifo } = queue.settings.attributes;
    // SQS's text for one message, but not its code; and it fails the entries that lack nothing as well.
    const missingId = fifo && missingFifoId(fifo, input.Entries);
    if (missingId !== undefined) return err(invalidParameter(missingId.message));
    const empty = input.Entries.findIndex((entry) => entry.MessageBody === "");
    if (empty >= 0) return err(missingParameter(`${ENTRY}.${empty + 1}.MessageBody`));

    const context = { caller, traceHeader, settings: queue.settings, wording };
    const { valid, failed } = checkEntries(entries, ({ entry }) => checkMessage(entry, context));
    if (valid.length === 0) return ok({ Successful: [], Failed: failed });
    const messages = valid.map(({ value }) => value);
    const batch = await storeMessages(request, messages);
    if (!batch.ok) return batch;
    const sent = valid.map(({ Id, value }, index) => ({ Id, ...sentAnswer(batch.value, index, value) }));
    return ok({ Successful: sent, Failed: failed });
  },
});
