/** Digits that count towards precision. */
const PRECISION = 38;
const LARGEST_EXPONENT = 126;
const SMALLEST_EXPONENT = 128;

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * Whether SQS takes `text` as a Number: up to 38 digits of precision, from -10^128 to 10^126. It is decided on
 * the digits, as a JavaScript number holds only 17 of them. Zeros at either end are no precision.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function isNumberValue(text: string): boolean {
  const parts = FORM.exec(text);
  if (parts === null) return false;
  const whole = parts[2] ?? "";
  const digits = whole + (parts[3] ?? "");
  if (digits === "") return false;

  const first = firstOther(digits, "0");
  if (first === digits.length) return true;
  const significant = digits.slice(first, lastOther(digits, "0") + 1);
  if (significant.length > PRECISION) return false;

  const exponent = whole.length - first - 1 + Number(parts[4] ?? 0);
  const bound = parts[1] === "-" ? SMALLEST_EXPONENT : LARGEST_EXPONENT;
  return exponent < bound || (exponent === bound && significant === "1");
}

/** Loops, because a pattern such as `0+$` takes quadratic time on a client's megabyte of zeros. */
function firstOther(text: string, than: string): number {
  let at = 0;
  while (text[at] === than) at++;
  return at;
}

function lastOther(text: string, than: string): number {
  let at = text.length - 1;
  while (text[at] === than) at--;
  return at;
}
