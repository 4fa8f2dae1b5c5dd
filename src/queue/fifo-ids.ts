import { invalidParameter, type SqsError } from "./errors.ts";
import { limits } from "./limits.ts";

export type FifoIdName = "MessageGroupId" | "MessageDeduplicationId";

/** Letters, digits and punctuation of ASCII: everything from `!` to `~`. */
export function checkFifoId(name: FifoIdName, id: string): SqsError | undefined {
  if (id.length >= 1 && id.length <= limits.fifoIdLength && isGraphicAscii(id)) return undefined;
  return invalidParameter(
    `Value ${id} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and ` +
      `punctuation characters. 1 to ${limits.fifoIdLength} in length.`,
  );
}

function isGraphicAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x21 || unit > 0x7e) return false;
  }
  return true;
}
