import { err, ok } from "../../lib/result.ts";
import { missingParameter } from "../../queue/errors.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import {
  checkMessage,
  type SendWording,
  sendEntry,
  sendMembers,
  sentAnswer,
  sentMembers,
  storeMessages,
} from "./send-entry.ts";

const wording: SendWording = {
  tooLong: "One or more parameters are invalid.",
  dedupIdOnStandard:
    "The request include parameter MessageDeduplicationId which is not valid for this queue type",
};

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export const sendMessage = queueAction({
  name: "SendMessage",
  asksShardFirst: true,
  input: { QueueUrl: required(string), ...sendMembers },
  output: sentMembers,
  run: async ({ input, ...context }) => {
    if (input.MessageBody === "") return err(missingParameter("MessageBody"));
    const { caller, traceHeader, queue } = context;
    const { settings } = queue;
    const checked = checkMessage(sendEntry(input), { caller, traceHeader, settings, wording });
    if (!checked.ok) return checked;
    const batch = await storeMessages(context, [checked.value]);
    return batch.ok ? ok(sentAnswer(batch.value, 0, checked.value)) : batch;
  },
});
