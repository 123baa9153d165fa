// UTF-8, strictly.
//
// The host's TextEncoder and TextDecoder are declared here, because these packages are compiled
// without the types of any one host.

interface TextHost {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string };
}

const host = globalThis as unknown as TextHost;
const encoder = new host.TextEncoder();
const decoder = new host.TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encodes `text` as UTF-8 into a new buffer. A surrogate without its other half becomes U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Decodes UTF-8, keeping a byte order mark as the character it is. Gives `undefined` if the bytes
 * are not valid.
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
