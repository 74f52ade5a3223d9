import { ArchiveFault } from './zip-archive.ts'

/**
 * The folders, files and links of a package as a tree. It ensures that no name is used twice, nothing lies inside a file or
 * behind a link, and no link leads out, even through other links. Anything else is an `ArchiveFault`.
 */
export interface PackageNode {
  kind: 'file' | 'folder' | 'link'
  readonly parent: PackageNode | undefined
  /** Whether the package has an entry for it; folders also exist because of their contents. */
  isNamed: boolean
  children?: Map<string, PackageNode>
  target?: string
  /** The target of a link, once resolved; a path that does not exist resolves to its nearest folder. */
  resolved?: PackageNode | 'resolving'
}

/** More files and folders than the largest package can have at the smallest block size of a file system. */
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

/**
 * The segments of a name without empty ones and dots. Throws for names that are absolute, climb out, or cannot be names of
 * files.
 */
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

/** Adds an entry to the tree. */
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

/** Resolves every link. A link to a missing path may dangle, but only inside the package. */
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

/**
 * Follows one segment from a node; undefined above the root of the package. A missing segment is followed as an unnamed folder.
 */
function step(at: PackageNode, segment: string, depth: number): PackageNode | undefined {
  if (segment === '' || segment === '.') return at
  if (segment === '..') return at.parent
  const child = at.children?.get(segment)
  if (child === undefined) return { kind: 'folder', parent: at, isNamed: false }
  return child.kind === 'link' ? resolveLink(child, depth + 1) : child
}
