/** JSON in which numbers and booleans are the text they were written as: `1.50` stays `1.50`, a long number keeps its digits. */
export type JsonText = string | null | JsonObject | JsonText[]

export interface JsonObject {
  readonly [field: string]: JsonText
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/**
 * Reads the JSON object a file begins with; what follows it is not looked at, as in Java.
 * @returns the object, or why there is none; a null problem: the file does not look like JSON at all
 */
export function firstJsonObject(bytes: Buffer): { readonly object: JsonObject } | { readonly problem: string | null } {
  try {
    const text = decoder.decode(bytes).trimStart()
    if (!text.startsWith('{')) return { problem: null }
    return { object: JSON.parse(text.slice(0, endOfObject(text)), keepText) as JsonObject }
  } catch (error) {
    return { problem: bytes.includes('{') ? messageOf(error) : null }
  }
}

/** Index after the brace that closes the first one; the whole length when none does. */
function endOfObject(text: string): number {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (inString) {
      if (char === '\\') at++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
  return text.length
}

function keepText(_field: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? (context?.source ?? String(value)) : value
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
