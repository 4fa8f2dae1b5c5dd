import { utf8Length } from "../../lib/bytes.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import type { MessageAttribute } from "../../queue/message-attributes.ts";
import { isNumberValue } from "../../queue/number-value.ts";
import { blob, entries, type Infer, optional, string, structure } from "../../shapes/shape.ts";
import { nullMember, snsError } from "./errors.ts";

export const messageAttributes = entries(
  structure({
    // Required by SNS's model, but its absence has a text of its own.
    DataType: optional(string),
    StringValue: optional(string),
    BinaryValue: optional(blob),
  }),
  "Name",
  "Value",
);

type Given = Infer<typeof messageAttributes>;
type GivenValue = Given extends ReadonlyMap<string, infer V> ? V : never;

/**
 * The attributes of a published message. SNS has texts of its own for what SQS says of them, and no bound of their
 * number.
 *
 * @param at where they stand, as SNS writes it: empty, or `publishBatchRequestEntries.1.member.`
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
export function checkMessageAttributes(
  given: Given,
  at: string,
): Result<readonly MessageAttribute[], ServiceError> {
  const checked: MessageAttribute[] = [];
  for (const [name, attribute] of given) {
    const dataType = attribute.DataType;
    if (dataType === undefined) {
      return err(nullMember(`${at}messageAttributes.${name}.member.dataType`));
    }
    const fault = nameFault(name) ?? typeFault(name, dataType);
    if (fault !== undefined) return err(fault);
    const value = readValue(name, dataType, attribute);
    if (!value.ok) return value;
    checked.push({ name, dataType, value: value.value });
  }
  return ok(checked);
}

/** What attributes count towards the size of a message: names, types and values, bytes. */
export function attributeBytes(attributes: readonly MessageAttribute[]): number {
  let bytes = 0;
  for (const { name, dataType, value } of attributes) {
    bytes += utf8Length(name) + utf8Length(dataType);
    bytes += typeof value === "string" ? utf8Length(value) : value.length;
  }
  return bytes;
}

const TYPES = ["Binary", "Number", "String"] as const;

function baseOf(dataType: string): (typeof TYPES)[number] | undefined {
  return TYPES.find((type) => dataType === type || dataType.startsWith(`${type}.`));
}

function nameFault(name: string): ServiceError | undefined {
  if (name === "") return invalid("The message attribute name must not be empty.");
  if (utf8Length(name) > limits.messageAttributeNameLength) {
    return invalid(
      `Length of message attribute name must be less than ${limits.messageAttributeNameLength} bytes.`,
    );
  }
  const offender = /[^\w.-]/u.exec(name)?.[0];
  if (offender !== undefined) {
    const hex = offender.codePointAt(0)?.toString(16).toUpperCase();
    return invalid(
      `Invalid non-alphanumeric character '#x${hex}' was found in the message attribute name. ` +
        "Can only include alphanumeric characters, hyphens, underscores, or dots.",
    );
  }
  if (name.startsWith("."))
    return invalid("Invalid message attribute name starting with character '.' was found.");
  if (name.endsWith("."))
    return invalid("Invalid message attribute name ending with character '.' was found.");
  return name.includes("..")
    ? invalid("Message attribute name can not have successive '.' character.")
    : undefined;
}

function typeFault(name: string, dataType: string): ServiceError | undefined {
  const isType = utf8Length(dataType) <= limits.messageAttributeTypeLength && baseOf(dataType) !== undefined;
  return isType
    ? undefined
    : invalid(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type ` +
          "prefixes is Binary, Number, and String.",
      );
}

function readValue(
  name: string,
  dataType: string,
  { StringValue: text, BinaryValue: bytes }: GivenValue,
): Result<string | Uint8Array, ServiceError> {
  const base = baseOf(dataType) ?? "String";
  const [own, other] = base === "Binary" ? [bytes, text] : [text, bytes];
  if (own === undefined && other !== undefined && other.length > 0) {
    const field = base === "Binary" ? "Binary" : "String";
    return err(invalid(`The message attribute '${name}' with type '${dataType}' must use field '${field}'.`));
  }
  if (own === undefined || own.length === 0) {
    return err(
      invalid(
        `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${dataType}'.`,
      ),
    );
  }
  if (base === "Number" && !(typeof own === "string" && isNumberValue(own))) {
    return err(invalid(`Could not cast message attribute '${name}' value to number.`));
  }
  return ok(own);
}

function invalid(message: string): ServiceError {
  return snsError("ParameterValueInvalid", message);
}
