/**
 * As much of DER as a certificate needs. An element is a tag, the length of its content, and the content.
 *
 * @see https://www.itu.int/rec/T-REC-X.690
 */
export const der = {
  sequence: (...parts: Uint8Array[]) => element(0x30, ...parts),
  set: (...parts: Uint8Array[]) => element(0x31, ...parts),
  /** Of big-endian bytes in their shortest form: the first bit is the sign, so it must be 0 here. */
  integer: (bytes: Uint8Array) => element(0x02, bytes),
  true: () => element(0x01, Buffer.of(0xff)),
  octets: (...parts: Uint8Array[]) => element(0x04, ...parts),
  /** The bits of whole bytes, or the first of them: `unused` of the last byte do not count. */
  bits: (bytes: Uint8Array, unused = 0) => element(0x03, Buffer.of(unused), bytes),
  utf8: (text: string) => element(0x0c, Buffer.from(text)),
  /** In dotted form, such as `2.5.4.3`. */
  oid: (dotted: string) => element(0x06, oidContent(dotted)),
  time,
  /** A part that the format numbers instead of naming its type: wrapped around it, or in place of its tag. */
  wrapped: (number: number, ...parts: Uint8Array[]) => element(0xa0 | number, ...parts),
  tagged: (number: number, content: Uint8Array) => element(0x80 | number, content),
};

function element(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content), content]);
}

/** Below 128 in one byte, else in as few as it takes, after their number. */
function lengthOf({ length }: Uint8Array): Buffer {
  if (length < 128) return Buffer.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.of(0x80 | bytes.length, ...bytes);
}

/** The first two numbers share a byte; the others take seven bits a byte, all but the last with the high bit. */
function oidContent(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split(".").map(Number);
  return Buffer.from([first * 40 + second, ...others].flatMap(base128));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

/** X.509 wants two digits for the year up to 2049, and four from then on. */
function time(atMs: number): Buffer {
  const digits = `${new Date(atMs).toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
  return digits < "2050" ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}
