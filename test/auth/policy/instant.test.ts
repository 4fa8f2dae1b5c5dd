import { describe, expect, it } from "vitest";
import { readInstant } from "../../../src/auth/policy/instant.ts";
import { randomFrom } from "../../support/random.ts";

describe("an instant", () => {
  it.each<[string, number]>([
    ["0", 0],
    ["-1", -1000],
    ["1795341600", 1_795_341_600_000],
    ["2026", 2_026_000],
    ["1970-01", 0],
    ["1970-01-01", 0],
    ["1970-01-01T00:00Z", 0],
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01T00:00:00", 0],
    ["1970-01-01T00:00:00.001Z", 1],
    ["1970-01-01T00:00:59.999999999Z", 60_000],
    ["1970-01-01T09:00:00+09:00", 0],
    ["1969-12-31T16:30:00-0730", 0],
    ["2024-02-29", Date.UTC(2024, 1, 29)],
    ["2000-02-29", Date.UTC(2000, 1, 29)],
    ["2026-12-31T23:59:59Z", Date.UTC(2026, 11, 31, 23, 59, 59)],
  ])("%s", (text, expected) => {
    expect(readInstant(text)).toBe(expected);
  });

  it.each([
    "",
    " 0",
    "0x10",
    "1.5",
    "1795341600000",
    "now",
    "2026-1-1",
    "2026-00-01",
    "2026-13-01",
    "2026-11-00",
    "2026-11-31",
    "2026-02-29",
    "1900-02-29",
    "2026-11-22T",
    "2026-11-22T10",
    "2026-11-22T24:00:00Z",
    "2026-11-22T10:60:00Z",
    "2026-11-22T10:00:60Z",
    "2026-11-22T10:00:00.Z",
    "2026-11-22T10:00:00z",
    "2026-11-22T10:00:00+24:00",
    "2026-11-22T10:00:00+09:60",
    "2026-11-22 10:00:00Z",
    "Sun, 22 Nov 2026 10:00:00 GMT",
  ])("is not %j", (text) => {
    expect(readInstant(text)).toBeUndefined();
  });

  it("is that of any calendar", () => {
    const random = randomFrom(1);
    for (let round = 0; round < 5000; round++) {
      const ms = random.between(Date.UTC(1800, 0), Date.UTC(2400, 0));
      expect(readInstant(new Date(ms).toISOString())).toBe(ms);
    }
  });
});
