import { ArchiveFault } from './zip-archive.ts'

/**
 * The folders, files and links of a package as a tree. It ensures that nothing lies inside a file or behind a link, so that
 * nothing is written through a link. Anything else is an `ArchiveFault`.
 */
export interface PackageNode {
  kind: 'file' | 'folder' | 'link'
  /** The index of the newest entry for it; folders also exist because of their contents. */
  entry?: number
  children?: Map<string, PackageNode>
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
  return { root: { kind: 'folder' }, nodeCount: 0 }
}

/**
 * The segments of a name without empty ones and dots. Throws for names that are absolute, climb out, or cannot be names of
 * files. A drive letter is a folder's name like any other.
 */
export function pathSegments(name: string): string[] {
  if (Buffer.byteLength(name) > 3000 || name.startsWith('/') || name.includes('\0')) {
    throw new ArchiveFault('name is not a path inside the package')
  }
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.some((segment) => segment === '..' || Buffer.byteLength(segment) > 255))
    throw new ArchiveFault('name climbs or is too long')
  return segments
}

/**
 * Adds an entry to the tree. Of several with the same name the last one counts, as for Info-ZIP's unzip; returns the index of the
 * one before.
 */
export function addNode(
  tree: PackageTree,
  {
    segments,
    kind,
    index,
  }: { readonly segments: readonly string[]; readonly kind: PackageNode['kind']; readonly index: number },
): number | undefined {
  let folder = tree.root
  for (const segment of segments.slice(0, -1)) {
    folder = childOf(tree, folder, segment, 'folder')
    if (folder.kind !== 'folder') throw new ArchiveFault('name lies inside a file or behind a link')
  }
  const node = childOf(tree, folder, segments.at(-1) ?? '', kind)
  if ((node.kind === 'folder') !== (kind === 'folder')) throw new ArchiveFault('file in place of a folder')
  const before = node.entry
  node.kind = kind
  node.entry = index
  return before
}

function childOf(tree: PackageTree, folder: PackageNode, segment: string, kind: PackageNode['kind']): PackageNode {
  folder.children ??= new Map()
  const present = folder.children.get(segment)
  if (present !== undefined) return present
  if (++tree.nodeCount > maxNodes) throw new TooManyNodes()
  const node: PackageNode = { kind }
  folder.children.set(segment, node)
  return node
}
