import { type SqsError, sqsError } from "./errors.ts";

/**
 * What SQS says of a text with a character outside of XML 1.0's set.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function checkBodyCharacters(body: string): SqsError | undefined {
  const offender = firstForbiddenCharacter(body);
  if (offender === undefined) return undefined;
  return sqsError("InvalidMessageContents", forbiddenCharacterText(offender, "message body"));
}

/** @param where `message body`, as SQS prints it. */
export function forbiddenCharacterText(character: number, where: string): string {
  const hex = character.toString(16).toUpperCase();
  return (
    `Invalid binary character '#x${hex}' was found in the ${where}, the set of allowed characters is ` +
    "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."
  );
}

/**
 * The first character that no message may hold: a control character, U+FFFE, U+FFFF, or half of a surrogate
 * pair. What is left is exactly what XML can carry, so no message is unencodable in an answer.
 */
export function firstForbiddenCharacter(text: string): number | undefined {
  // Two native passes take 3 µs for 64 KiB of ASCII, where looking at each character takes 150 µs.
  if (text.isWellFormed() && !FORBIDDEN.test(text)) return undefined;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isPair(unit, text.charCodeAt(at + 1))) at++;
    else if (!isAllowed(unit)) return unit;
  }
  return undefined;
}

/** All that is forbidden, half pairs aside. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

function isAllowed(unit: number): boolean {
  if (unit < 0x20) return unit === 0x09 || unit === 0x0a || unit === 0x0d;
  return unit < 0xd800 || (unit >= 0xe000 && unit <= 0xfffd);
}

function isPair(high: number, low: number): boolean {
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}
