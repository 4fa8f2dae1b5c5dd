/** How AWS's framework words what is wrong with an input by the model of a service: IAM, STS, KMS and SNS share it. */

/** All that is wrong, at once. @param violations each as `missingText` or `brokenText` words it */
export function violationsText(violations: readonly string[]): string {
  const found = violations.length === 1 ? "1 validation error" : `${violations.length} validation errors`;
  return `${found} detected: ${violations.join("; ")}`;
}

/** @param at the member as the framework names it: `roleArn`, `tags.1.member.key` */
export function missingText(at: string): string {
  return `Value null at '${at}' failed to satisfy constraint: Member must not be null`;
}

/**
 * @param value undefined for one that is not to be repeated, as it is long or may be secret
 * @param must what it fails to do: `have length less than or equal to 64`
 */
export function brokenText(at: string, value: string | number | undefined, must: string): string {
  const what = value === undefined ? "Value" : `Value '${value}'`;
  return `${what} at '${at}' failed to satisfy constraint: Member must ${must}`;
}

/** The framework's name for a parameter: `tags.1.member.key` of `Tags.member.1.Key`. */
export function memberName(parameter: string): string {
  return parameter
    .replaceAll(/(^|\.)([A-Z])/g, (_, dot: string, letter: string) => dot + letter.toLowerCase())
    .replaceAll(/\.member\.(\d+)(?=\.|$)/g, ".$1.member");
}
