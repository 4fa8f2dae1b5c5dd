import { expect, it } from "vitest";
import { countTests, type VitestReport } from "../../scripts/test-count.ts";

const report = (passed: number, failed: number, files: VitestReport["testResults"] = []): VitestReport => ({
  numPassedTests: passed,
  numFailedTests: failed,
  testResults: files,
});

it("counts what vitest counts", () => {
  expect(countTests(report(3, 0), 0)).toEqual({ passed: 3, failed: 0 });
  expect(countTests(report(2, 1), 1)).toEqual({ passed: 2, failed: 1 });
});

it("counts a file that could not be loaded as one failed test", () => {
  const files = [
    { status: "failed", assertionResults: [] },
    { status: "failed", assertionResults: [{}] },
    { status: "passed", assertionResults: [{}] },
  ];
  expect(countTests(report(1, 1, files), 1)).toEqual({ passed: 1, failed: 2 });
});

it("never calls a failed run a success", () => {
  expect(countTests(report(3, 0), 1)).toEqual({ passed: 3, failed: 1 });
  expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1 });
});
