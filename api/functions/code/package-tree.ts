import { ArchiveFault } from './zip-archive.ts'

/**
 * The folders, files and links of a package as a tree, so that no name is used twice, nothing lies inside a file or behind
 * a link, and no link leads out, not even by way of other links. Anything else is an `ArchiveFault`.
 */
export interface PackageNode {
  kind: 'file' | 'folder' | 'link'
  readonly parent: PackageNode | undefined
  /** Whether an entry stands for it; folders also come into being by what is in them. */
  isNamed: boolean
  children?: Map<string, PackageNode>
  target?: string
  /** Where a link leads, once that is known; a path that does not exist stands for its nearest folder. */
  resolved?: PackageNode | 'resolving'
}

/** More files and folders than fit in the largest package at the smallest block of a file system, with room to spare. */
export const maxNodes = 250_000

/** A package has more files and folders than any package of the allowed size. */
export class TooManyNodes extends Error {}

export interface PackageTree {
  readonly root: PackageNode
  nodeCount: number
}

/** An empty package. */
export function emptyTree(): PackageTree {
  return { root: { kind: 'folder', parent: undefined, isNamed: true }, nodeCount: 0 }
}

/** A name's segments without the empty ones and dots. Names that are absolute, climb, or cannot be a file's are faults. */
export function pathSegments(name: string): string[] {
  if (
    Buffer.byteLength(name) > 3000 ||
    name.startsWith('/') ||
    /^[a-zA-Z]:/.test(name) ||
    name.includes('\\') ||
    name.includes('\0')
  ) {
    throw new ArchiveFault('name is not a path inside the package')
  }
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.some((segment) => segment === '..' || Buffer.byteLength(segment) > 255))
    throw new ArchiveFault('name climbs or is too long')
  return segments
}

/** Puts an entry into the tree. */
export function addNode(
  tree: PackageTree,
  segments: readonly string[],
  kind: PackageNode['kind'],
  target?: string,
): void {
  let folder = tree.root
  for (const segment of segments.slice(0, -1)) {
    folder = childOf(tree, folder, segment, 'folder')
    if (folder.kind !== 'folder') throw new ArchiveFault('name lies inside a file or behind a link')
  }
  const node = childOf(tree, folder, segments.at(-1) ?? '', kind)
  if (node.isNamed || node.kind !== kind) throw new ArchiveFault('name used twice')
  node.isNamed = true
  if (target !== undefined) node.target = target
}

function childOf(tree: PackageTree, folder: PackageNode, segment: string, kind: PackageNode['kind']): PackageNode {
  folder.children ??= new Map()
  const present = folder.children.get(segment)
  if (present !== undefined) return present
  if (++tree.nodeCount > maxNodes) throw new TooManyNodes()
  const node: PackageNode = { kind, parent: folder, isNamed: false }
  folder.children.set(segment, node)
  return node
}

/** Follows every link to its end. A link to what is not in the package may dangle, but inside. */
export function checkLinks(folder: PackageNode): void {
  for (const node of folder.children?.values() ?? []) {
    if (node.kind === 'link') resolveLink(node, 0)
    else checkLinks(node)
  }
}

function resolveLink(link: PackageNode, depth: number): PackageNode {
  if (link.resolved === 'resolving' || depth > 40) throw new ArchiveFault('links lead in a circle')
  if (link.resolved !== undefined) return link.resolved
  const target = link.target ?? ''
  if (target === '' || target.startsWith('/') || target.includes('\0'))
    throw new ArchiveFault('link leads nowhere or out')
  link.resolved = 'resolving'
  let at = link.parent
  for (const segment of target.split('/')) at = at && step(at, segment, depth)
  if (at === undefined) throw new ArchiveFault('link leads out of the package')
  link.resolved = at
  return at
}

/** One segment on from a node; undefined above the package's root. What is missing is walked as an unnamed folder. */
function step(at: PackageNode, segment: string, depth: number): PackageNode | undefined {
  if (segment === '' || segment === '.') return at
  if (segment === '..') return at.parent
  const child = at.children?.get(segment)
  if (child === undefined) return { kind: 'folder', parent: at, isNamed: false }
  return child.kind === 'link' ? resolveLink(child, depth + 1) : child
}
