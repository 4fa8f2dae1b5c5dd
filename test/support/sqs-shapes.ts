import {
  blob,
  boolean,
  integer,
  list,
  map,
  optional,
  required,
  string,
  structure,
} from "../../src/shapes/shape.ts";

/**
 * Inputs and outputs of some SQS actions, for tests of what protocols do with shapes. Between them they use
 * every trait; the actions themselves are declared in `services/sqs/`.
 */
const attributeValue = structure({
  StringValue: optional(string),
  BinaryValue: optional(blob),
  StringListValue: optional(list(string, { queryName: "StringListValue" })),
  DataType: required(string),
});

const messageAttributes = map(attributeValue, {
  queryName: "MessageAttribute",
  queryKey: "Name",
  queryValue: "Value",
});

const systemAttributes = map(attributeValue, {
  queryName: "MessageSystemAttribute",
  queryKey: "Name",
  queryValue: "Value",
});

const attributes = map(string, { queryName: "Attribute", queryKey: "Name", queryValue: "Value" });
const tags = map(string, { queryName: "Tag", queryKey: "Key", queryValue: "Value", missingName: "Tags" });

const batchResultErrorEntry = structure({
  Id: required(string),
  SenderFault: required(boolean),
  Code: required(string),
  Message: optional(string),
});

export const sqsShapes = {
  CreateQueue: {
    input: structure({
      QueueName: required(string),
      Attributes: optional(attributes),
      tags: optional(tags, "Tags"),
    }),
    output: structure({ QueueUrl: required(string) }),
  },
  ListQueues: {
    input: structure({
      QueueNamePrefix: optional(string),
      MaxResults: optional(integer),
      NextToken: optional(string),
    }),
    output: structure({
      QueueUrls: optional(list(string, { queryName: "QueueUrl" })),
      NextToken: optional(string),
    }),
  },
  ListDeadLetterSourceQueues: {
    input: structure({ QueueUrl: required(string), MaxResults: optional(integer) }),
    output: structure({
      queueUrls: required(list(string, { queryName: "QueueUrl", keepEmpty: true })),
      NextToken: optional(string),
    }),
  },
  SetQueueAttributes: {
    input: structure({ QueueUrl: required(string), Attributes: required(attributes) }),
    output: structure({}),
  },
  GetQueueAttributes: {
    input: structure({
      QueueUrl: required(string),
      AttributeNames: optional(list(string, { queryName: "AttributeName" })),
    }),
    output: structure({ Attributes: optional(attributes) }),
  },
  TagQueue: {
    input: structure({ QueueUrl: required(string), Tags: required(tags, "tags") }),
    output: structure({}),
  },
  UntagQueue: {
    input: structure({
      QueueUrl: required(string),
      TagKeys: required(list(string, { queryName: "TagKey" })),
    }),
    output: structure({}),
  },
  SendMessage: {
    input: structure({
      QueueUrl: required(string),
      MessageBody: required(string),
      DelaySeconds: optional(integer),
      MessageAttributes: optional(messageAttributes),
      MessageSystemAttributes: optional(systemAttributes),
      MessageDeduplicationId: optional(string),
      MessageGroupId: optional(string),
    }),
    output: structure({
      MessageId: required(string),
      MD5OfMessageBody: required(string),
      MD5OfMessageAttributes: optional(string),
      MD5OfMessageSystemAttributes: optional(string),
      SequenceNumber: optional(string),
    }),
  },
  SendMessageBatch: {
    input: structure({
      QueueUrl: required(string),
      Entries: required(
        list(
          structure({
            Id: required(string),
            MessageBody: required(string),
            DelaySeconds: optional(integer),
            MessageAttributes: optional(messageAttributes),
          }),
          { queryName: "SendMessageBatchRequestEntry" },
        ),
      ),
    }),
    output: structure({
      Successful: optional(
        list(
          structure({
            Id: required(string),
            MessageId: required(string),
            MD5OfMessageBody: required(string),
            MD5OfMessageAttributes: optional(string),
          }),
          { queryName: "SendMessageBatchResultEntry" },
        ),
      ),
      Failed: optional(list(batchResultErrorEntry, { queryName: "BatchResultErrorEntry" })),
    }),
  },
  ReceiveMessage: {
    input: structure({
      QueueUrl: required(string),
      AttributeNames: optional(list(string, { queryName: "AttributeName" })),
      MessageSystemAttributeNames: optional(list(string, { queryName: "MessageSystemAttributeName" })),
      MessageAttributeNames: optional(list(string, { queryName: "MessageAttributeName" })),
      MaxNumberOfMessages: optional(integer),
      WaitTimeSeconds: optional(integer),
    }),
    output: structure({
      Messages: optional(
        list(
          structure({
            MessageId: required(string),
            ReceiptHandle: required(string),
            MD5OfBody: required(string),
            Body: required(string),
            Attributes: optional(attributes),
            MD5OfMessageAttributes: optional(string),
            MessageAttributes: optional(messageAttributes),
          }),
          { queryName: "Message" },
        ),
      ),
    }),
  },
  DeleteMessage: {
    input: structure({ QueueUrl: required(string), ReceiptHandle: required(string) }),
    output: structure({}),
  },
};
