import { utf8Length } from "../lib/bytes.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { invalidParameter, type SqsError } from "./errors.ts";
import { limits } from "./limits.ts";
import { firstForbiddenCharacter, forbiddenCharacterText } from "./message-body.ts";
import { isNumberValue } from "./number-value.ts";

/** A checked attribute. Text for String and Number, exactly as sent; bytes for Binary. */
export interface MessageAttribute {
  readonly name: string;
  /** `String`, `Number` or `Binary`, with its custom label if there is one: `Number.int`. */
  readonly dataType: string;
  readonly value: string | Uint8Array;
}

/** One whose value is text. */
export type TextAttribute = MessageAttribute & { readonly value: string };

/** An attribute as a client gave it. */
export interface GivenAttribute {
  readonly name: string;
  readonly dataType: string | undefined;
  readonly stringValue: string | undefined;
  readonly binaryValue: Uint8Array | undefined;
  /** One of the list values, which SQS reserves, holds something. */
  readonly hasList: boolean;
}

export const TRACE_HEADER = "AWSTraceHeader";

/** What attributes count towards the size of a message: names, types and values, bytes. */
export function attributeBytes(given: readonly GivenAttribute[]): number {
  let bytes = 0;
  for (const attribute of given) {
    bytes += utf8Length(attribute.name) + utf8Length(attribute.dataType ?? "");
    bytes += utf8Length(attribute.stringValue ?? "") + (attribute.binaryValue?.length ?? 0);
  }
  return bytes;
}

/**
 * The attributes that a client gives a message. The first fault is reported, in the order of the request.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function checkUserAttributes(
  given: readonly GivenAttribute[],
): Result<readonly MessageAttribute[], SqsError> {
  if (given.length > limits.messageAttributes) {
    return refuse(
      `Number of message attributes [${given.length}] exceeds the allowed maximum [${limits.messageAttributes}].`,
    );
  }
  const checked: MessageAttribute[] = [];
  for (const attribute of given) {
    const fault = nameFault(attribute.name);
    if (fault !== undefined) return refuse(fault);
    const type = checkType(attribute, userFamily);
    if (!type.ok) return type;
    const value =
      type.value === "Binary" ? binaryOf(attribute, userFamily) : textOf(attribute, type.value, userFamily);
    if (!value.ok) return value;
    checked.push({ name: attribute.name, dataType: attribute.dataType ?? type.value, value: value.value });
  }
  return ok(checked);
}

/** The one attribute that a client may give on SQS's own behalf: AWSTraceHeader, a String. */
export function checkSystemAttributes(
  given: readonly GivenAttribute[],
): Result<TextAttribute | undefined, SqsError> {
  const unknown = given.find((attribute) => attribute.name !== TRACE_HEADER);
  if (unknown !== undefined) return refuse(`Message system attribute name '${unknown.name}' is invalid.`);
  const [trace] = given;
  if (trace === undefined) return ok(undefined);
  if (utf8Length(trace.stringValue ?? "") > limits.traceHeaderBytes) {
    return refuse(`Message system attribute value must be shorter than ${limits.traceHeaderBytes} bytes.`);
  }
  const type = checkType(trace, systemFamily);
  if (!type.ok) return type;
  const value = textOf(trace, "String", systemFamily);
  return value.ok
    ? ok({ name: TRACE_HEADER, dataType: trace.dataType ?? "String", value: value.value })
    : value;
}

/** The `X-Amzn-Trace-Id` header as an AWSTraceHeader; what cannot be one is dropped, as nobody asked for it. */
export function traceHeaderOf(header: string | undefined): string | undefined {
  if (header === undefined || header === "" || utf8Length(header) > limits.traceHeaderBytes) return undefined;
  return firstForbiddenCharacter(header) === undefined ? header : undefined;
}

type BaseType = "String" | "Number" | "Binary";

/** How SQS calls the two families of attributes, and the types each takes. */
interface Family {
  readonly word: string;
  readonly types: readonly BaseType[];
}

const userFamily: Family = { word: "(user)", types: ["Binary", "Number", "String"] };
const systemFamily: Family = { word: "system", types: ["String"] };

function nameFault(name: string): string | undefined {
  if (name === "") return "The request must contain non-empty message (user) attribute names.";
  if (utf8Length(name) > limits.messageAttributeNameLength) {
    return `Message (user) attribute name must be shorter than ${limits.messageAttributeNameLength} bytes.`;
  }
  if (isReserved(name)) {
    return "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal use.";
  }
  if (name.startsWith(".")) return "Message (user) attribute name must not begin with character '.'.";
  if (name.endsWith(".")) return "Message (user) attribute name must not end with character '.'.";
  if (name.includes("..")) return "Message (user) attribute name must not have successive '.' characters.";
  for (const character of name) {
    if (isNameCharacter(character)) continue;
    const hex = character.codePointAt(0)?.toString(16).toUpperCase();
    return (
      `Invalid non-alphanumeric character '#x${hex}' was found in the message attribute name. ` +
      "Can only include alphanumeric characters, hyphens, underscores, or dots."
    );
  }
  return undefined;
}

function isReserved(name: string): boolean {
  const start = name.slice(0, "amazon.".length).toLowerCase();
  return start.startsWith("aws.") || start === "amazon.";
}

/** SQS's pages name ASCII letters, but it takes `ø` and refuses `§`. */
const OTHER_LETTER = /^[\p{L}\p{N}]$/u;

function isNameCharacter(character: string): boolean {
  if (character >= "a" && character <= "z") return true;
  if (character >= "A" && character <= "Z") return true;
  if (character >= "0" && character <= "9") return true;
  if (character === "_" || character === "-" || character === ".") return true;
  return character > "\x7f" && OTHER_LETTER.test(character);
}

function checkType(given: GivenAttribute, family: Family): Result<BaseType, SqsError> {
  const { dataType } = given;
  const subject = `message ${family.word} attribute '${given.name}'`;
  if (given.hasList)
    return refuse("Message attribute list values in SendMessage operation are not supported.");
  if (dataType === undefined && given.stringValue === undefined && given.binaryValue === undefined) {
    return refuse(`The ${subject} must contain a non-empty message attribute value.`);
  }
  if (dataType === "") return refuse(`The ${subject} must contain a non-empty message attribute type.`);
  if (utf8Length(dataType ?? "") > limits.messageAttributeTypeLength) {
    const bound = limits.messageAttributeTypeLength;
    return refuse(`Message ${family.word} attribute type must be shorter than ${bound} bytes.`);
  }
  const base = family.types.find((type) => dataType === type || dataType?.startsWith(`${type}.`));
  if (dataType === undefined || base === undefined || firstForbiddenCharacter(dataType) !== undefined) {
    const types = family.types.join(", ");
    return refuse(
      `The type of ${subject} is invalid. You must use only the following supported type prefixes: ${types}.`,
    );
  }
  return ok(base);
}

function binaryOf(given: GivenAttribute, family: Family): Result<Uint8Array, SqsError> {
  const { stringValue, binaryValue } = given;
  const subject = `${family.word} attribute '${given.name}'`;
  if (stringValue !== undefined) {
    if (binaryValue !== undefined) return refuse(`Message ${subject} must have a single value.`);
    return refuse(`Message ${subject} with type 'Binary' must use field 'Binary'.`);
  }
  if (binaryValue === undefined || binaryValue.length === 0) {
    return refuse(`Message ${subject} must contain a non-empty value of type 'Binary'.`);
  }
  return ok(binaryValue);
}

function textOf(given: GivenAttribute, base: BaseType, family: Family): Result<string, SqsError> {
  const { stringValue, binaryValue } = given;
  const subject = `${family.word} attribute '${given.name}'`;
  if (binaryValue !== undefined) {
    if (stringValue !== undefined) return refuse(`Message ${subject} must have a single value.`);
    return refuse(`Message ${subject} with type '${base}' must use field 'String'.`);
  }
  if (stringValue === undefined || stringValue === "") {
    return refuse(`Message ${subject} must contain a non-empty value of type '${base}'.`);
  }
  if (base === "Number") {
    return isNumberValue(stringValue)
      ? ok(stringValue)
      : refuse(`Can't cast the value of message ${subject} to a number.`);
  }
  const offender = firstForbiddenCharacter(stringValue);
  if (offender === undefined) return ok(stringValue);
  return refuse(forbiddenCharacterText(offender, `value of message ${subject}`));
}

function refuse(message: string): Result<never, SqsError> {
  return err(invalidParameter(message));
}
