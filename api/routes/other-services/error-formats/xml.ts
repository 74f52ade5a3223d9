const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
])
/** What XML 1.0 cannot hold, written out or not. */
const impossible = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/** Elements in their order: a text, or elements within. */
export type XmlElements = readonly (readonly [name: string, content: string | XmlElements])[]

/** An XML document of these elements, the first of which is the root. */
export function xmlDocument(elements: XmlElements): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${xmlOf(elements)}`)
}

function xmlOf(elements: XmlElements): string {
  return elements
    .map(([name, content]) => `<${name}>${typeof content === 'string' ? escaped(content) : xmlOf(content)}</${name}>`)
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll(impossible, '\uFFFD').replaceAll(/[&<>"']/g, (letter) => entities.get(letter) ?? letter)
}
