import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What every tool packs: a program, a module, a file with a name in Unicode, an empty folder and a hidden file. */
export const packedFiles: Readonly<Record<string, string>> = {
  bootstrap: '#!/bin/sh\n',
  'index.js': 'exports.handler = async () => 1\n',
  'lib/größe.txt': 'ü\n',
  '.hidden': 'hidden\n',
}

/** Writes what is packed into a folder. */
export function writePackedFiles(folder: string, withLink = false): void {
  mkdirSync(join(folder, 'lib/empty'), { recursive: true })
  for (const [path, text] of Object.entries(packedFiles)) writeFileSync(join(folder, path), text)
  chmodSync(join(folder, 'bootstrap'), 0o755)
  if (withLink) symlinkSync('bootstrap', join(folder, 'link'))
}

/** Whether a program can be run. */
export function hasProgram(program: string, probe: readonly string[]): boolean {
  return spawnSync(program, probe).status === 0
}

/** A way to pack the current folder into a zip: the name of the program, its probe, and a line of the shell with `$TARGET`. */
export interface ZipTool {
  readonly program: string
  readonly probe: readonly string[]
  readonly ways: readonly string[]
}

const goProgram = `package main
import ("archive/zip"; "os")
func main() {
  file, _ := os.Create(os.Args[1])
  writer := zip.NewWriter(file)
  if err := writer.AddFS(os.DirFS(os.Args[2])); err != nil { panic(err) }
  writer.SetComment("go")
  writer.Close()
}`

const pythonStream = `import sys, zipfile, os
with zipfile.ZipFile(sys.stdout.buffer, "w", zipfile.ZIP_DEFLATED) as zip:
  for folder, _, names in os.walk("."):
    for name in names: zip.write(os.path.join(folder, name))`
const pythonZip64 = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as zip:
  for name in ("bootstrap", "index.js", "lib/größe.txt", ".hidden"):
    info = zipfile.ZipInfo.from_file(name)
    with zip.open(info, "w", force_zip64=True) as entry: entry.write(open(name, "rb").read())`

export const zipTools: readonly ZipTool[] = [
  {
    program: 'zip',
    probe: ['-v'],
    ways: [
      'zip -qr "$TARGET" .',
      'zip -qrD "$TARGET" .',
      'zip -qr0X "$TARGET" .',
      'zip -qr -fz "$TARGET" .',
      'zip -qr - . | cat > "$TARGET"',
      'zip -qr -fz- - . | cat > "$TARGET"',
      'zip -qr -UN=UTF8 "$TARGET" .',
      'LC_ALL=C zip -qr "$TARGET" .',
      'zip -qr "$TARGET" . && echo comment | zip -qz "$TARGET"',
      'zip -qr "$TARGET" . && (echo "#!/bin/sh"; cat "$TARGET") > "$TARGET.sh" && mv "$TARGET.sh" "$TARGET"',
      'zip -qr "$TARGET" . && (echo "#!/bin/sh"; cat "$TARGET") > "$TARGET.sh" && mv "$TARGET.sh" "$TARGET" && zip -qA "$TARGET"',
    ],
  },
  ...['7z', '7zz'].map((program) => ({
    program,
    probe: ['i'],
    ways: ['', '-mx=0', '-mx=9 -mcu=on'].map((options) => `${program} a -bso0 -tzip ${options} "$TARGET" .`),
  })),
  {
    program: 'python3',
    probe: ['--version'],
    ways: [
      `python3 -c 'import shutil, sys; shutil.make_archive(sys.argv[1][:-4], "zip", ".")' "$TARGET"`,
      `python3 -c '${pythonStream}' > "$TARGET"`,
      `python3 -c '${pythonZip64}' "$TARGET"`,
    ],
  },
  {
    program: 'jar',
    probe: ['--version'],
    ways: ['jar cf "$TARGET" .', 'jar cf0 "$TARGET" .', 'jar cfM "$TARGET" .'].map((line) => `LC_ALL=C.UTF-8 ${line}`),
  },
  {
    program: 'go',
    probe: ['version'],
    ways: [
      `mkdir "$TARGET.go" && echo '${goProgram}' > "$TARGET.go/main.go" && go run "$TARGET.go/main.go" "$TARGET" .`,
    ],
  },
]
