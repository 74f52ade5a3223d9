# Puts a private root together and makes it the root. Runs in new mount and process namespaces; serve.sh goes on from there.
# Arguments: stage (an empty folder), table (mounts to be made on it; those of single files in a table beside it), links (absolute
# paths of symbolic links, to be copied).
set -e
stage=$1 table=$2 links=$3
shift 3
mount -t tmpfs -o mode=755,size=1m kubelambda "$stage"
cd "$stage"
mkdir -p var/task var/lang opt run
[ -z "$links" ] || cp -P $links .
mount --all --fstab "$table"
if [ -s "$table.files" ]; then
  while read -r from to rest; do
    to=$(printf '%b' "$to")
    mkdir -p "${to%/*}"
    : >"$to"
  done <"$table.files"
  mount --all --fstab "$table.files"
fi
pivot_root . .
umount -l .
cd /
