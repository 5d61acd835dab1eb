import { OmopipeError } from "../../pipeline/errors.ts";
import { withTimeLimit } from "./caller.ts";
import { type CallName, networkError, responseError, statusError, timeoutError } from "./failures.ts";

/** Where a presigned URL leads, and how the store wants the file: by PUT unless it says otherwise. */
export interface UploadTarget {
  readonly url: string;
  readonly method?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>> | null | undefined;
  /** Members of a form to post the file in. */
  readonly fields?: Readonly<Record<string, string>> | null | undefined;
}

export interface TransferOptions {
  readonly contentType: string;
  /** How long one file or part may take. */
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

type Fetch = (request: Request) => Promise<Response>;

/**
 * Sends a file, or a part of one, to a presigned URL, once, and gives the ETag of the answer. The URL is the only
 * authorization: no token, tenant or request id goes along. Nothing of the URL, which is a secret, or of what the store
 * says beyond its error code gets into a message.
 */
export async function sendToStore(
  fetch: Fetch,
  call: CallName,
  target: UploadTarget,
  content: Blob,
  { contentType, timeoutMilliseconds, signal }: TransferOptions,
): Promise<string | undefined> {
  const request = { redirect: "manual", ...asked(target, content, contentType) } as const;
  return await withTimeLimit(call, timeoutMilliseconds, signal, async ({ signal: within }) => {
    const response = await fetch(new Request(target.url, { ...request, signal: within }));
    const said = await response.text();
    return { response, said };
  }).then(({ response, said }) => {
    if (response.ok) return response.headers.get("etag") ?? undefined;
    throw statusError(call, response, errorCode(said), undefined);
  });
}

/**
 * Opens a file at a presigned URL. The chunks end with an error when nothing comes for `idleMilliseconds`, or when fewer
 * bytes came than `sizeBytes`.
 */
export async function openFromStore(
  fetch: Fetch,
  call: CallName,
  url: string,
  limits: { readonly idleMilliseconds: number; readonly sizeBytes?: number | undefined },
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(() => controller.abort(), limits.idleMilliseconds);
  const failed = (error: unknown): unknown => {
    if (signal?.aborted) return signal.reason;
    return controller.signal.aborted ? timeoutError(call, limits.idleMilliseconds) : networkError(call, error);
  };
  const end = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  };

  let response: Response;
  try {
    response = await fetch(new Request(url, { redirect: "manual", signal: controller.signal }));
    if (!response.ok) throw statusError(call, response, errorCode(await response.text()), undefined);
  } catch (error) {
    end();
    throw error instanceof OmopipeError ? error : failed(error);
  }

  return (async function* () {
    let received = 0;
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        clearTimeout(timer);
        yield chunk;
        timer = setTimeout(() => controller.abort(), limits.idleMilliseconds);
      }
    } catch (error) {
      throw failed(error);
    } finally {
      end();
      controller.abort();
    }
    if (limits.sizeBytes !== undefined && received !== limits.sizeBytes && !response.headers.has("content-encoding")) {
      throw responseError(call.service, call.operation, `${limits.sizeBytes} bytes were announced, ${received} came`);
    }
  })();
}

function asked({ method, headers, fields }: UploadTarget, content: Blob, contentType: string): RequestInit {
  if (!fields) {
    return { method: method ?? "PUT", headers: { "content-type": contentType, ...headers }, body: content };
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // Stores read the fields up to the file.
  form.append("file", content, "file");
  return { method: method ?? "POST", ...(headers && { headers }), body: form };
}

/** The code of an S3 error document; the rest of it may repeat the URL. */
function errorCode(said: string): string {
  return /<Code>(\w{1,60})<\/Code>/.exec(said)?.[1] ?? "";
}
