# Makes the file system that a container sees, and becomes its program.
#
# $1: an empty folder; $2: the files of /etc; $3: a list of mounts, each `ro|rw SOURCE TARGET`;
# $4: 'ro' if nothing else may be written; then the user, the groups (its own first), and `NAME=value ... program ...`.
set -eu
root=$1 etc=$2 mounts=$3 mode=$4 user=$5 group=$6 groups=$7
shift 7

mount -t tmpfs -o mode=755 root "$root"
# Libraries and tools of this machine stand in the place of the image's.
for folder in usr sbin lib lib32 lib64; do
  if [ -L "/$folder" ]; then
    cp -P "/$folder" "$root/$folder"
  elif [ -d "/$folder" ]; then
    mkdir "$root/$folder"
    mount --bind -o ro "/$folder" "$root/$folder"
  fi
done
# What is local to this machine is not there; programs may stand here and in /bin.
mount -t tmpfs -o mode=755 programs "$root/usr/local"
mkdir "$root/bin"
find /usr/bin -maxdepth 1 ! -type d -exec ln -s -t "$root/bin" {} +
mkdir "$root/etc" "$root/proc" "$root/dev"
cp "$etc"/* "$root/etc"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

while read -r access source target; do
  if [ -d "$source" ]; then
    mkdir -p "$root$target"
  else
    mkdir -p "$(dirname "$root$target")"
    rm -f "$root$target"
    touch "$root$target"
  fi
  mount --bind -o "$access" "$source" "$root$target"
done < "$mounts"
mount -o remount,bind,ro "$root/usr/local"
if [ "$mode" = ro ]; then
  mount -o remount,bind,ro "$root"
fi

cd "$root"
# Who changes users is no longer told when its parent ends, unless it asks anew.
exec chroot "$root" /usr/bin/setpriv --reuid="$user" --regid="$group" --groups="$groups" --pdeathsig KILL \
  --no-new-privs --bounding-set=-all --inh-caps=-all -- /usr/bin/env -i "$@"
