import { Buffer } from "node:buffer";

/** Bytes written as in `01 ff · 0a`: blanks and dots only help the eye. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(plainHex(hex), "hex"));
}

export function plainHex(hex: string): string {
  return hex.replace(/[\s·]/g, "");
}
