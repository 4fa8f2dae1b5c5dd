import { expect, test } from "vitest";
import { isNumberValue } from "../../src/queue/number-value.ts";

const digits38 = "12345678901234567890123456789012345678";

test.each([
  "0",
  "-0",
  "+5",
  "007",
  "1.",
  ".5",
  "0.0",
  "1e5",
  "1E+5",
  "1e-5",
  "-3.14",
  digits38,
  `0.${digits38}`,
  `${digits38}000`,
  `000${digits38}`,
  "1e126",
  `1${"0".repeat(126)}`,
  "10e125",
  "0.1e127",
  "9e125",
  "-1e128",
  "-9.9e127",
  "1e-400",
  "0e999",
])("%s is a number", (text) => {
  expect(isNumberValue(text)).toBe(true);
});

test.each([
  "",
  ".",
  "-",
  "e5",
  "1e",
  "1e5.0",
  "1,000",
  "1_000",
  "0x10",
  "NaN",
  "Infinity",
  " 1",
  "1 ",
  "1\n",
  "--1",
  "1.2.3",
  "१",
  `${digits38}9`,
  `1${"0".repeat(37)}1`,
  "1.1e126",
  "2e126",
  "1e127",
  `1${"0".repeat(127)}`,
  "-1.1e128",
  "-1e129",
  "1e999999999999999999999",
])("%s is no number", (text) => {
  expect(isNumberValue(text)).toBe(false);
});

test("a megabyte of zeros takes no more than one look at each", () => {
  const zeros = "0".repeat(1_000_000);
  expect(isNumberValue(`1${zeros}1`)).toBe(false);
  expect(isNumberValue(zeros)).toBe(true);
});
