import { fromBase64, toBase64 } from "../lib/bytes.ts";
import type { Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import type { Shape, StructureShape } from "../shapes/shape.ts";
import { queryMessage, wireErrors } from "./errors.ts";
import { decodeWith, type Findings, setMember, wrongType } from "./findings.ts";
import { childOf, elementsOf, type FormNode } from "./form.ts";
import type { Protocol, Stamp, WireResponse } from "./protocol.ts";
import { textElement } from "./xml.ts";

/**
 * AWS Query: parameters in a form or URL, answers in XML. SQS's lists and maps are flattened.
 *
 * @param version the API version that the client asked for, whose namespace it expects; ours if it named none
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function awsQuery(version: string | undefined): Protocol {
  const isDate = version !== undefined && /^\d{4}-\d\d-\d\d$/.test(version);
  return queryProtocol(`http://queue.amazonaws.com/doc/${isDate ? version : "2012-11-05"}/`);
}

export function decodeForm(input: StructureShape, form: FormNode): Result<unknown, SqsError> {
  return decodeWith((findings) => readStructure(input, form, "", findings));
}

function queryProtocol(namespace: string): Protocol {
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
      const { query, status, fault } = wireErrors[error.kind];
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

const XML_DECLARATION = '<?xml version="1.0"?>';

/** @param at the node's own name, with a dot at the end */
function read(shape: Shape, node: FormNode, at: string, findings: Findings): unknown {
  switch (shape.type) {
    case "list": {
      const elements = elementsOf(node);
      return elements.map((element, i) =>
        read(shape.member, element, `${at}${shape.queryName}.${i + 1}.`, findings),
      );
    }
    case "map": {
      const values = new Map<string, unknown>();
      for (const [i, entry] of elementsOf(node).entries()) {
        const key = childOf(entry, shape.queryKey)?.value;
        const value = childOf(entry, shape.queryValue);
        if (key === undefined) findings.missing ??= `${at}${shape.queryName}.${shape.queryKey}`;
        else if (value === undefined) findings.missing ??= `${at}${shape.queryName}.${shape.queryValue}`;
        else {
          const valueAt = `${at}${shape.queryName}.${i + 1}.${shape.queryValue}.`;
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

function readStructure(shape: StructureShape, node: FormNode, at: string, findings: Findings): unknown {
  const structure: Record<string, unknown> = {};
  for (const field of shape.fields) {
    const [name, member] = field;
    const flattened = member.shape.type === "list" || member.shape.type === "map";
    let child = childOf(node, flattened ? member.shape.queryName : name);
    for (const alias of member.aliases) child ??= childOf(node, alias);
    const value = child === undefined ? undefined : read(member.shape, child, at, findings);
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
    case "blob":
      return `<${name}>${toBase64(value as Uint8Array)}</${name}>`;
    case "list": {
      let elements = "";
      for (const item of value as readonly unknown[]) elements += write(shape.queryName, shape.member, item);
      return elements;
    }
    case "map": {
      let elements = "";
      for (const [key, item] of value as ReadonlyMap<string, unknown>) {
        const entry = textElement(shape.queryKey, key) + write(shape.queryValue, shape.value, item);
        elements += `<${shape.queryName}>${entry}</${shape.queryName}>`;
      }
      return elements;
    }
    case "structure":
      return `<${name}>${writeMembers(shape, value)}</${name}>`;
  }
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
