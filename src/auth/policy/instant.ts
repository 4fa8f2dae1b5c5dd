/**
 * The instant that a policy or a request names, in milliseconds since 1970: a date of ISO 8601 in the forms
 * that the W3C allows, or seconds since 1970. A year alone is taken as seconds; without a time zone it is UTC.
 *
 * Computed here, for a runtime's own reading of dates is free to differ.
 *
 * @returns undefined for what is no date
 * @see https://www.w3.org/TR/NOTE-datetime
 */
export function readInstant(text: string): number | undefined {
  if (/^-?\d{1,12}$/.test(text)) return Number(text) * 1000;
  const found = iso.exec(text)?.groups;
  if (found === undefined) return undefined;
  const number = (name: string, absent = 0): number => Number(found[name] ?? absent);
  const [year, month, day] = [number("year"), number("month", 1), number("day", 1)];
  const [hour, minute, second] = [number("hour"), number("minute"), number("second")];
  const [zoneHour, zoneMinute] = [number("zoneHour"), number("zoneMinute")];
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second >= 60 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const zoneMinutes = (zoneHour * 60 + zoneMinute) * (found["zoneSign"] === "-" ? -1 : 1);
  const minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - zoneMinutes;
  return Math.round((minutes * 60 + second) * 1000);
}

const iso =
  /^(?<year>\d{4})-(?<month>\d\d)(?:-(?<day>\d\d)(?:T(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d(?:\.\d{1,9})?))?(?:Z|(?<zoneSign>[+-])(?<zoneHour>\d\d):?(?<zoneMinute>\d\d))?)?)?$/;

function daysOfMonth(year: number, month: number): number {
  const next = month === 12 ? ([year + 1, 1] as const) : ([year, month + 1] as const);
  return daysSince1970(...next, 1) - daysSince1970(year, month, 1);
}

/** Counts years from March, so that the leap day is the last of its year. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const daysBeforeMonth = Math.floor((((month + 9) % 12) * 153 + 2) / 5);
  return marchYear * 365 + leapDays + daysBeforeMonth + day - 719_469;
}
