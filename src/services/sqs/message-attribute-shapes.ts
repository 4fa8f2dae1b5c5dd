import type { GivenAttribute, MessageAttribute } from "../../queue/message-attributes.ts";
import { blob, type Infer, list, map, optional, string, structure } from "../../shapes/shape.ts";

const attributeValue = structure({
  StringValue: optional(string),
  BinaryValue: optional(blob),
  StringListValues: optional(list(string, { queryName: "StringListValue" })),
  BinaryListValues: optional(list(blob, { queryName: "BinaryListValue" })),
  // Required by SQS's model, but its absence has a text of its own, which the action gives.
  DataType: optional(string),
});

export const messageAttributes = map(attributeValue, {
  queryName: "MessageAttribute",
  queryKey: "Name",
  queryValue: "Value",
});

export const messageSystemAttributes = map(attributeValue, {
  queryName: "MessageSystemAttribute",
  queryKey: "Name",
  queryValue: "Value",
});

type AttributeMap = Infer<typeof messageAttributes>;

/** Empty lists count as none: old SDKs send them along when they pass on a message they received. */
export function givenAttributes(attributes: AttributeMap | undefined): readonly GivenAttribute[] {
  if (attributes === undefined || attributes.size === 0) return NO_ATTRIBUTES;
  return Array.from(attributes, ([name, value]) => ({
    name,
    dataType: value.DataType,
    stringValue: value.StringValue,
    binaryValue: value.BinaryValue,
    hasList: Boolean(value.StringListValues?.length || value.BinaryListValues?.length),
  }));
}

const NO_ATTRIBUTES: readonly GivenAttribute[] = [];

export function shownAttributes(attributes: readonly MessageAttribute[]): AttributeMap {
  return new Map(
    attributes.map(({ name, dataType, value }) => [
      name,
      typeof value === "string"
        ? { StringValue: value, DataType: dataType }
        : { BinaryValue: value, DataType: dataType },
    ]),
  );
}
