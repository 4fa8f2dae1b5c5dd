import * as jsonSdk from "@aws-sdk/client-sqs";
import * as querySdk from "@aws-sdk/client-sqs-query";
import { defaults } from "./server.ts";

/** AWS's own client, in the types of today's: the older one differs in newer members only. */
export type Sqs = jsonSdk.SQS;

/** One of the two SDKs through which every case runs. */
export interface Sdk {
  readonly name: "JSON" | "Query";
  /** Today's or the old one's module, for its exception classes and paginators. */
  readonly module: typeof jsonSdk;
  /** A client of the root account. No retries, so that a failure of ours shows. */
  connect(url: string, config?: jsonSdk.SQSClientConfig): Sqs;
}

export const sdks: readonly Sdk[] = [
  sdkOf("JSON", jsonSdk),
  sdkOf("Query", querySdk as unknown as typeof jsonSdk),
];

/** What a client is told of a failure, whichever way its SDK hands it over. */
export interface Fault {
  /** The code of the Query protocol, which today's SDK shows as well. */
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
}

/** The failure of a call; a call that succeeds fails the test. */
export async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const error = (await failureOf(call)) as jsonSdk.SQSServiceException & {
    readonly Code?: string;
    readonly Error?: { readonly Code?: string; readonly Message?: string };
  };
  return {
    code: error.Error?.Code ?? error.Code ?? error.name,
    status: error.$metadata?.httpStatusCode,
    // The old SDK leaves the text of modelled errors in the parsed answer.
    message: error.Error?.Message ?? error.message,
  };
}

export async function failureOf(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the call succeeded");
}

function sdkOf(name: Sdk["name"], module: typeof jsonSdk): Sdk {
  return {
    name,
    module,
    connect: (url, config) =>
      new module.SQS({
        endpoint: url,
        region: defaults.worker.DEFAULT_REGION,
        credentials: {
          accessKeyId: defaults.worker.ROOT_ACCESS_KEY_ID,
          secretAccessKey: defaults.worker.ROOT_SECRET_ACCESS_KEY,
        },
        maxAttempts: 1,
        ...config,
      }),
  };
}
