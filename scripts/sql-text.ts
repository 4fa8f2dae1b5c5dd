/**
 * A statement with its parameters written into it, for `wrangler d1 execute`, which binds none.
 *
 * @param values for `?1`, `?2`, …
 */
export function sqlText(sql: string, values: readonly (string | number)[]): string {
  return sql.replace(/\?(\d+)/g, (placeholder, position: string) => {
    const value = values[Number(position) - 1];
    if (value === undefined) throw new Error(`no value for ${placeholder}`);
    return literal(value);
  });
}

function literal(value: string | number): string {
  if (typeof value === "string") {
    if (value.includes("\0")) throw new Error("SQL text cannot hold a NUL");
    return `'${value.replaceAll("'", "''")}'`;
  }
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  return String(value);
}
