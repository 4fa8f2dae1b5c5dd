import { Buffer } from "node:buffer";

/** Writes DER, as far as certificates need it. */
export function sequence(...members: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...members);
}

export function set(...members: readonly Uint8Array[]): Buffer {
  return tagged(0x31, ...members);
}

export function integer(value: number): Buffer {
  return tagged(0x02, Buffer.from([value]));
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

export function octets(...members: readonly Uint8Array[]): Buffer {
  return tagged(0x04, ...members);
}

/** @param unused bits at the end. */
export function bits(bytes: Uint8Array, unused = 0): Buffer {
  return tagged(0x03, Buffer.from([unused]), bytes);
}

export function nothing(): Buffer {
  return tagged(0x05);
}

export function text(value: string): Buffer {
  return tagged(0x0c, Buffer.from(value));
}

/** In the form that has four digits for the year. */
export function instant(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return tagged(0x18, Buffer.from(digits));
}

/** @param dotted such as `1.2.840.113549.1.1.11`. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** @param number of the tag, which the reader knows the meaning of; the members are whole values. */
export function explicit(number: number, ...members: readonly Uint8Array[]): Buffer {
  return tagged(0xa0 + number, ...members);
}

/** As `explicit`, but the member is the bare content of a value. */
export function implicit(number: number, content: Uint8Array): Buffer {
  return tagged(0x80 + number, content);
}

function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content)]), content]);
}

function lengthOf({ length }: Uint8Array): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function base128(value: number): readonly number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
