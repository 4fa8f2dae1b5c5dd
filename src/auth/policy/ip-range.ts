/** Addresses that begin with the same bits. */
export interface IpRange {
  /** Of 8 bits each: 4 of an IPv4 address, 16 of an IPv6 address. */
  readonly bytes: readonly number[];
  readonly prefixBits: number;
}

/**
 * An address, or a range in CIDR notation; the bits behind the prefix do not count. An IPv4 address in the form
 * of IPv6 (`::ffff:10.0.0.1`) is the IPv4 address: nobody escapes a condition by spelling it so.
 *
 * @returns undefined for what is neither
 */
export function readIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const bytes = readAddress(slash === -1 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const bits = bytes.length * 8;
  const prefix = slash === -1 ? String(bits) : text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) return undefined;
  const isMapped = bytes.length === 16 && mapped.every((byte, index) => bytes[index] === byte);
  if (isMapped && Number(prefix) >= mapped.length * 8) {
    return { bytes: bytes.slice(mapped.length), prefixBits: Number(prefix) - mapped.length * 8 };
  }
  return { bytes, prefixBits: Number(prefix) };
}

/** One address only. */
export function readIpAddress(text: string): IpRange | undefined {
  return text.includes("/") ? undefined : readIpRange(text);
}

/** No range of one family holds an address of the other, not even `::/0`. */
export function isWithin(address: IpRange, range: IpRange): boolean {
  if (address.bytes.length !== range.bytes.length) return false;
  return range.bytes.every((byte, index) => {
    const bits = Math.min(Math.max(range.prefixBits - index * 8, 0), 8);
    return byte >> (8 - bits) === (address.bytes[index] ?? 0) >> (8 - bits);
  });
}

const mapped: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function readAddress(text: string): number[] | undefined {
  return text.includes(":") ? readIpv6(text) : readIpv4(text);
}

/** Octal numbers are refused: some take `010` for 8 and some for 10. */
function readIpv4(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function readIpv6(text: string): number[] | undefined {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const head = readGroups(before, after === undefined);
  const tail = readGroups(after ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const left = 16 - head.length - tail.length;
  // `::` stands for at least one group.
  if (after === undefined ? left !== 0 : left < 2) return undefined;
  return [...head, ...Array<number>(left).fill(0), ...tail];
}

/** Groups of four hexadecimal digits; the last may be an IPv4 address, if it is the address's last. */
function readGroups(text: string, isEnd: boolean): number[] | undefined {
  const bytes: number[] = [];
  const groups = text === "" ? [] : text.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      const ipv4 = isEnd && index === groups.length - 1 ? readIpv4(group) : undefined;
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    }
  }
  return bytes;
}
