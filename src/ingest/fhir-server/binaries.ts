import type { FhirClient, Resource } from "../../clients/fhir/fhir-client.ts";
import { statusOf } from "../../clients/http/failures.ts";

/** The contents of documents that lie in resources of their own. */
export interface Binaries {
  /** Fetches the Binary of each attachment that only links to one, and puts its content in its place (`data`). */
  fill(resource: Resource, signal: AbortSignal): Promise<void>;
  /** How many could not be had. */
  readonly missing: number;
}

interface Attachment {
  url?: string;
  data?: string;
  contentType?: string;
}

type Content = Pick<Attachment, "data" | "contentType">;

/** Contents are kept up to this length for the documents that share them. */
const keptLength = 32_000_000;

/** Fetches Binary resources of one server; without `wanted` it leaves everything as it is. */
export function openBinaries(client: FhirClient, wanted: boolean): Binaries {
  const kept = new Map<string, Promise<Content | undefined>>();
  let length = 0;
  let missing = 0;
  const idOf = (url: string): string | undefined => {
    const relative = url.startsWith(client.baseUrl) ? url.slice(client.baseUrl.length) : url;
    return /^Binary\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(relative)?.[1];
  };
  const read = async (id: string, signal: AbortSignal): Promise<Content | undefined> => {
    const { data, contentType } = (await client.read("Binary", id, { signal }).catch((error: unknown) => {
      if (![403, 404, 410].includes(statusOf(error) ?? 0)) throw error;
      missing += 1;
      return {};
    })) as Content;
    length += data?.length ?? 0;
    return { ...(data !== undefined && { data }), ...(contentType !== undefined && { contentType }) };
  };
  return {
    async fill(resource, signal) {
      for (const attachment of wanted ? attachmentsOf(resource) : []) {
        const id = attachment.data === undefined ? idOf(attachment.url ?? "") : undefined;
        if (id === undefined) continue;
        if (length > keptLength) {
          kept.clear();
          length = 0;
        }
        const content = kept.get(id) ?? read(id, signal);
        kept.set(id, content);
        Object.assign(attachment, { ...(await content), ...attachment });
      }
    },
    get missing() {
      return missing;
    },
  };
}

/** Those of DocumentReference and of reports. */
function attachmentsOf(resource: Resource): Attachment[] {
  const { content, presentedForm } = resource as { content?: unknown; presentedForm?: unknown };
  const ofContent = (Array.isArray(content) ? content : []).map(
    (each) => (each as { attachment?: unknown }).attachment,
  );
  const all = [...ofContent, ...(Array.isArray(presentedForm) ? presentedForm : [])];
  return all.filter((each): each is Attachment => typeof each === "object" && each !== null);
}
