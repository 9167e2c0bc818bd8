#!/bin/sh
# without_name_service.sh COMMAND...: runs COMMAND where no file and no server knows a name, not even that of this machine.
set -eu
exec unshare --map-root-user --mount sh -c '
  mount -t tmpfs none /mnt
  echo "hosts: files" >/mnt/nsswitch.conf
  [ ! -e /etc/nsswitch.conf ] || mount --bind /mnt/nsswitch.conf /etc/nsswitch.conf
  for file in /etc/hosts /etc/resolv.conf; do
    [ ! -e "$file" ] || mount --bind /dev/null "$file"
  done
  if getent ahosts localhost >/dev/null; then
    echo "a name service is still there" >&2
    exit 1
  fi
  exec "$@"' sh "$@"
