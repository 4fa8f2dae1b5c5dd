import { fromBase64, toBase64 } from "../lib/bytes.ts";
import type { Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import type { Shape, StructureShape } from "../shapes/shape.ts";
import { queryMessage, wireErrorOf } from "./errors.ts";
import { decodeWith, type Findings, setMember, wrongType } from "./findings.ts";
import { childOf, elementsOf, emptyForm, type FormNode } from "./form.ts";
import type { Protocol, Stamp, WireResponse } from "./protocol.ts";
import { textElement } from "./xml.ts";

/**
 * AWS Query: parameters in a form or URL, answers in XML. SQS's lists and maps are flattened.
 *
 * @param namespace of the XML that the client expects
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function awsQuery(namespace: string): Protocol {
  return {
    name: "aws-query",
    opening: XML_DECLARATION,

    encode(action, output, value, stamp) {
      const members = writeMembers(output, value);
      let result = "";
      if (members !== "") result = `<${action}Result>${members}</${action}Result>`;
      else if (output.fields.length > 0) result = `<${action}Result/>`;
      const metadata = `<ResponseMetadata>${textElement("RequestId", stamp.requestId)}</ResponseMetadata>`;
      const body = `<${action}Response xmlns="${namespace}">${result}${metadata}</${action}Response>`;
      return answer(200, stamp, XML_DECLARATION + body);
    },

    encodeError(error, stamp) {
      const { query, status, fault } = wireErrorOf(error);
      // A request without an action gets this bare element from SQS, whatever it accepts.
      if (error.kind === "UnknownOperation") return answer(status, stamp, "<UnknownOperationException/>");
      const message = textElement("Message", queryMessage(error));
      const details = `<Type>${fault}</Type><Code>${query}</Code>${message}<Detail/>`;
      const body = `<Error>${details}</Error>${textElement("RequestId", stamp.requestId)}`;
      return answer(
        status,
        stamp,
        `${XML_DECLARATION}<ErrorResponse xmlns="${namespace}">${body}</ErrorResponse>`,
      );
    },

    unknownAction(action) {
      return sqsError("InvalidAction", `The action ${action} is not valid for this endpoint.`);
    },
  };
}

export function decodeForm(input: StructureShape, form: FormNode): Result<unknown, SqsError> {
  return decodeWith((findings) => readStructure(input, form, "", findings));
}

const XML_DECLARATION = '<?xml version="1.0"?>';

/** @param at where its parameters stand, with a dot at the end: `Attribute.` of a flattened map, `Tags.member.` of a list */
function read(shape: Shape, node: FormNode, at: string, findings: Findings): unknown {
  switch (shape.type) {
    case "list": {
      const elements = elementsOf(shape.wrapped ? (childOf(node, shape.queryName) ?? emptyForm()) : node);
      return elements.map((element, i) => read(shape.member, element, `${at}${i + 1}.`, findings));
    }
    case "map": {
      const values = new Map<string, unknown>();
      const elements = elementsOf(shape.wrapped ? (childOf(node, shape.queryName) ?? emptyForm()) : node);
      for (const [i, entry] of elements.entries()) {
        const key = childOf(entry, shape.queryKey)?.value;
        const value = childOf(entry, shape.queryValue);
        if (key === undefined) findings.missing ??= `${at}${shape.queryKey}`;
        else if (value === undefined) findings.missing ??= `${at}${shape.queryValue}`;
        else {
          const valueAt = `${at}${i + 1}.${shape.queryValue}.`;
          values.set(key, read(shape.value, value, valueAt, findings));
        }
      }
      return values;
    }
    case "structure":
      if (node.value !== undefined && node.children === undefined) {
        findings.malformed ??= wrongType.scalar;
        return undefined;
      }
      return readStructure(shape, node, at, findings);
    default:
      if (node.value === undefined) {
        findings.malformed ??= wrongType.structure;
        return undefined;
      }
      return readScalar(shape, node.value, findings);
  }
}

function readStructure({ fields }: StructureShape, node: FormNode, at: string, findings: Findings): unknown {
  const structure: Record<string, unknown> = {};
  for (const field of fields) {
    const [name, member] = field;
    const { shape } = member;
    const isCollection = shape.type === "list" || shape.type === "map";
    const parameter = isCollection && !shape.wrapped ? shape.queryName : name;
    let child = childOf(node, parameter);
    for (const alias of member.aliases) child ??= childOf(node, alias);
    const own = `${at}${parameter}.`;
    const elements = isCollection && shape.wrapped ? `${own}${shape.queryName}.` : own;
    const value = child === undefined ? undefined : read(shape, child, elements, findings);
    setMember(structure, field, value, at, findings);
  }
  return structure;
}

function readScalar(shape: Shape, text: string, findings: Findings): unknown {
  switch (shape.type) {
    case "integer":
      if (/^-?\d{1,15}$/.test(text)) return Number(text) + 0;
      findings.malformed ??= "STRING_VALUE can not be converted to an Integer";
      return undefined;
    case "boolean":
      if (text === "true" || text === "1") return true;
      if (text === "false" || text === "0") return false;
      findings.malformed ??= "boolean must follow xsd1.1 definition";
      return undefined;
    case "timestamp": {
      const instantMs = Date.parse(text);
      if (!Number.isNaN(instantMs)) return instantMs;
      findings.malformed ??= "STRING_VALUE can not be converted to a Timestamp";
      return undefined;
    }
    case "blob": {
      const bytes = fromBase64(text);
      if (bytes === undefined) findings.malformed ??= "STRING_VALUE can not be converted to a Blob";
      return bytes;
    }
    default:
      return text;
  }
}

function writeMembers(shape: StructureShape, value: unknown): string {
  let members = "";
  for (const [name, member] of shape.fields) {
    const item = (value as Readonly<Record<string, unknown>>)[name];
    if (item !== undefined) members += write(name, member.shape, item);
  }
  return members;
}

/** The element, or the elements of a flattened list or map: none if it is empty. */
function write(name: string, shape: Shape, value: unknown): string {
  switch (shape.type) {
    case "string":
      return textElement(name, value as string);
    case "integer":
    case "boolean":
      return `<${name}>${value}</${name}>`;
    case "timestamp":
      return `<${name}>${isoSeconds(value as number)}</${name}>`;
    case "blob":
      return `<${name}>${toBase64(value as Uint8Array)}</${name}>`;
    case "list": {
      let elements = "";
      for (const item of value as readonly unknown[]) elements += write(shape.queryName, shape.member, item);
      return shape.wrapped ? `<${name}>${elements}</${name}>` : elements;
    }
    case "map": {
      let elements = "";
      for (const [key, item] of value as ReadonlyMap<string, unknown>) {
        const entry = textElement(shape.queryKey, key) + write(shape.queryValue, shape.value, item);
        elements += `<${shape.queryName}>${entry}</${shape.queryName}>`;
      }
      return shape.wrapped ? `<${name}>${elements}</${name}>` : elements;
    }
    case "structure":
      return `<${name}>${writeMembers(shape, value)}</${name}>`;
  }
}

/** `2026-11-22T19:34:05Z` */
function isoSeconds(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19)}Z`;
}

function answer(status: number, stamp: Stamp, body: string): WireResponse {
  return {
    status,
    headers: {
      "x-amzn-RequestId": stamp.requestId,
      "Content-Type": "text/xml",
      Date: new Date(stamp.nowMs).toUTCString(),
    },
    body,
  };
}
