# First process of an environment, inside its private root: starts the supervisor, makes the mounts that it is told, and
# lasts as long as the supervisor. Its end ends every process of the environment.
# Arguments: uid and gid of the function, the supervisor's command. File descriptor 3 is the supervisor's.
# Reads a table of mounts, as in fstab, until its input ends. Writes "mounted" when they are made.
set -e
uid=$1 gid=$2
shift 2
umask 022
cp /var/runtime/lambda-entrypoint.sh /
ln -s /.etc/* /etc/
rm -f /etc/passwd /etc/hosts
cp /.etc/passwd /etc/
echo "sbx_user1051:x:$uid:$gid::/home/sbx_user1051:/sbin/nologin" >>/etc/passwd
# What extensions call this machine when they listen for telemetry.
if [ -f /.etc/hosts ]; then
  cp /.etc/hosts /etc/
  echo '127.0.0.1 sandbox.localdomain' >>/etc/hosts
fi
mount -o remount,bind,ro /etc
mkdir /.kubelambda/tmp
mount -o remount,bind,ro /
# Where the machine allows fewer, as many as it allows.
ulimit -n 1024 2>/dev/null || ulimit -n "$(ulimit -H -n)"
"$@" </dev/null >&2 &
supervisor=$!
exec 3>&- 4<&0 5>&1
# In a process of its own, so that this one notices at once when the supervisor ends. What the shell does itself costs no process, on
# the way of every cold start.
{
  while IFS= read -r line; do printf '%s\n' "$line"; done >/.kubelambda/table
  mount --all --fstab /.kubelambda/table && echo mounted || kill -9 $supervisor
} <&4 >&5 &
mounter=$!
wait $supervisor
# A trial may end before the mounts are made.
wait $mounter
