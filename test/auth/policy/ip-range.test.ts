import { describe, expect, it } from "vitest";
import { isWithin, readIpAddress, readIpRange } from "../../../src/auth/policy/ip-range.ts";
import { randomFrom } from "../../support/random.ts";

describe("a range of addresses", () => {
  it.each<[string, string, string]>([
    ["10.0.0.0/8", "10.0.0.0", "9.255.255.255"],
    ["10.0.0.0/8", "10.255.255.255", "11.0.0.0"],
    ["10.20.30.40/8", "10.0.0.1", "11.20.30.40"],
    ["192.0.2.128/25", "192.0.2.128", "192.0.2.127"],
    ["192.0.2.0/31", "192.0.2.1", "192.0.2.2"],
    ["192.0.2.1/32", "192.0.2.1", "192.0.2.0"],
    ["0.0.0.0/0", "255.255.255.255", "::1"],
    ["128.0.0.0/1", "128.0.0.0", "127.255.255.255"],
    ["2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"],
    ["2001:db8::8/125", "2001:db8::f", "2001:db8::10"],
    ["2001:db8::1/128", "2001:0DB8:0::0:1", "2001:db8::2"],
    ["::/0", "::1", "127.0.0.1"],
    ["::ffff:0:0/96", "10.0.0.1", "2001:db8::1"],
    ["::ffff:0:0/95", "::fffe:0:1", "10.0.0.1"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201", "192.0.2.1"],
  ])("%s holds %s, and not %s", (text, inside, outside) => {
    const range = readIpRange(text);
    const holds = (address: string) => {
      const read = readIpAddress(address);
      if (range === undefined || read === undefined) throw new Error("not read");
      return isWithin(read, range);
    };
    expect(holds(inside)).toBe(true);
    expect(holds(outside)).toBe(false);
  });

  it.each([
    "",
    "10",
    "10.0.0",
    "10.0.0.0.0",
    "10.0.0.256",
    "10.0.0.-1",
    "10.0.0.01",
    "010.0.0.1",
    "0x0a.0.0.1",
    "10.0.0.1 ",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "12345::",
    "g::",
    "::1%eth0",
    "[::1]",
    "::/129",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::ffff:10.0.0.256",
  ])("is not %j", (text) => {
    expect(readIpRange(text)).toBeUndefined();
  });

  it.each(["::", "1::", "::8", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6::8", "1::3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4"])(
    "may be %s alone",
    (text) => {
      expect(readIpRange(text)?.prefixBits).toBe(128);
      expect(readIpRange(text)?.bytes).toHaveLength(16);
    },
  );

  it("is no address", () => {
    expect(readIpAddress("10.0.0.0/32")).toBeUndefined();
    expect(readIpAddress("10.0.0.0")).toBeDefined();
  });

  it("holds just the addresses that begin with its bits", () => {
    const random = randomFrom(2);
    const number = () => random.between(0, 2 ** 32 - 1);
    const spelled = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
    for (let round = 0; round < 5000; round++) {
      const [base, bits] = [number(), random.between(0, 32)];
      // Mostly near, so that both sides of the border are met.
      const address = random.chance(0.8) ? (base ^ (1 << random.between(0, 31))) >>> 0 : number();
      const expected = Math.floor(base / 2 ** (32 - bits)) === Math.floor(address / 2 ** (32 - bits));
      const range = readIpRange(`${spelled(base)}/${bits}`);
      const read = readIpAddress(spelled(address));
      expect(range && read && isWithin(read, range)).toBe(expected);
    }
  });
});
