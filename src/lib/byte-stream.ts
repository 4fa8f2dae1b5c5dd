import { Buffer } from "node:buffer";

/** Writes numbers, texts and bytes one after another; whole numbers in as few bytes as they need. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u32(value: number): this {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
    return this;
  }

  /** A whole number from 0 to 2^53 - 1, 7 bits a byte, lowest first. */
  uint(value: number): this {
    this.#room(8);
    let rest = value;
    while (rest >= 0x8000_0000) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** A whole number of either sign. */
  int(value: number): this {
    return this.uint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** One byte a character, for texts of characters below 256. */
  latin1(text: string): this {
    this.#room(text.length);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
    return this;
  }

  /** UTF-8 behind its length. */
  text(text: string): this {
    const bytes = Buffer.byteLength(text, "utf8");
    this.uint(bytes).#room(bytes);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
    return this;
  }

  /** What was written, as a view into a larger buffer: for those who copy it anyway. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, in a buffer of its own. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer.slice(0, this.#length));
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads what `ByteWriter` wrote. Throws a `RangeError` past the end: the bytes are ours, so that is corruption. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError("read past the end");
    return value;
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  uint(): number {
    let byte = this.u8();
    let value = byte & 127;
    let scale = 128;
    while (byte >= 128) {
      byte = this.u8();
      value += (byte & 127) * scale;
      scale *= 128;
    }
    return value;
  }

  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view into the bytes read, not a copy. */
  raw(length: number): Uint8Array {
    this.#claim(length);
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  latin1(length: number): string {
    this.#claim(length);
    return this.#bytes.toString("latin1", this.#at - length, this.#at);
  }

  text(): string {
    const length = this.uint();
    this.#claim(length);
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  #claim(length: number): void {
    if (this.#at + length > this.#bytes.length) throw new RangeError("read past the end");
    this.#at += length;
  }
}
