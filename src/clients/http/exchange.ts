import type { Exchange } from "./caller.ts";

/** An answer to `fetch` as a caller takes it: its body as JSON, or as text where it is none. */
export async function exchangeOf(response: Response): Promise<Exchange> {
  const body = jsonOf(await response.text());
  return response.ok ? { data: body, response } : { error: body, response };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
