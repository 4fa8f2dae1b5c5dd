import { list, map, string } from "../../shapes/shape.ts";

/** Attributes by name, as CreateQueue, SetQueueAttributes and GetQueueAttributes write them. */
export const attributeMap = map(string, {
  queryName: "Attribute",
  queryKey: "Name",
  queryValue: "Value",
});

export const tagMap = map(string, {
  queryName: "Tag",
  queryKey: "Key",
  queryValue: "Value",
  missingName: "Tags",
});

/** What ListQueues answers with. */
export const queueUrls = list(string, { queryName: "QueueUrl" });
