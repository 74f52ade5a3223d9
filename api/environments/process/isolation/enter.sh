# Puts a private root together and makes it the root. Runs in new mount and process namespaces; serve.sh goes on from there.
# Arguments: stage (an empty folder), table (mounts to be made on it), links (absolute paths of symbolic links, to be copied).
set -e
stage=$1 table=$2 links=$3
shift 3
mount -t tmpfs -o mode=755,size=1m kubelambda "$stage"
cd "$stage"
mkdir -p var/task var/lang opt run
[ -z "$links" ] || cp -P $links .
mount --all --fstab "$table"
pivot_root . .
umount -l .
cd /
