/** An element with text. `name` is ours; only the text is a client's. */
export function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

/**
 * Text as XML character data. CR is written as a reference, because parsers turn a bare one into LF and the
 * MD5 of the body would no longer fit. Characters that XML 1.0 cannot carry even as references (they come back
 * only inside error texts) become U+FFFD.
 *
 * @see https://www.w3.org/TR/xml/#charsets
 */
export function escapeXml(text: string): string {
  let escaped = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x3e && code < 0xfffe) continue;
    const replacement = replacementOf(code);
    if (replacement === undefined) continue;
    escaped += text.slice(from, i) + replacement;
    from = i + 1;
  }
  return from === 0 ? text : escaped + text.slice(from);
}

function replacementOf(code: number): string | undefined {
  switch (code) {
    case 0x26:
      return "&amp;";
    case 0x3c:
      return "&lt;";
    case 0x3e:
      return "&gt;";
    case 0x22:
      return "&quot;";
    case 0x0d:
      return "&#xD;";
    case 0x09:
    case 0x0a:
      return undefined;
    default:
      return code < 0x20 || code >= 0xfffe ? "\ufffd" : undefined;
  }
}
