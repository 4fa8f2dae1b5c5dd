import { performance } from "node:perf_hooks";

/** Prints rows as a Markdown table whose columns line up in a terminal, too. Numbers stand to the right. */
export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const isText = head.map((_, column) => rows.some((row) => /[a-z]{3}/i.test(row[column] ?? "")));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (isText[i] ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, i) => (isText[i] ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  console.log([`\n### ${title}\n`, line(head), line(rule), ...rows.map(line)].join("\n"));
}

/** Three significant digits, and thousands in full: 0.0123, 1.23, 12.3, 123, 12345. Nothing for what is not known. */
export function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  if (value === 0) return "0";
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 5));
}

export function dollars(value: number): string {
  return value === 0 ? "0" : value.toFixed(value < 0.1 ? 3 : 2);
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** What goes on, for whoever waits; the results alone go to standard output. */
export function progress(text: string): void {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}`);
}
