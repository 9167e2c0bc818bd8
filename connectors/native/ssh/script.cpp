#include "connectors/native/ssh/script.hpp"

namespace sallyport::connectors::ssh {

std::string_view script() {
  return R"script(sallyport() {
set -u
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin; export LC_ALL PATH
umask 077
connection=$1; kind=$2; mode=$3
shift 3
echo begin

fact() { printf 'fact %s %s\n' "$1" "$2"; }
end() { printf 'end %s %s\n' "$1" "$2"; exit 0; }
# What others wrote must not look like a line of ours.
plain() { printf '%s' "$1" | tr -cd 'A-Za-z0-9._/@+: -' | cut -c1-200; }

# Sets state and start (in clock ticks since boot) of a process.
observe() {
  { line=$(cat "/proc/$1/stat"); } 2>/dev/null || return 1
  line=${line##*) }
  set -f; set -- $line; set +f
  state=$1; start=${20}
  case $state in Z | X) return 1 ;; esac
}

is_named() {
  comm=$(cat "/proc/$1/comm" 2>/dev/null) || return 1
  exe=$(readlink "/proc/$1/exe" 2>/dev/null) || exe=
  exe=${exe% (deleted)}
  case $2 in
    '') return 0 ;;
    /*) [ "$exe" = "$2" ] ;;
    *) [ "$comm" = "$(printf '%.15s' "$2")" ] || [ "${exe##*/}" = "$2" ] ;;
  esac
}

# Whether the process observed last began at $1: ticks since boot, or @ and the seconds of the epoch.
began_at() {
  case $1 in
    '' | "$start") return 0 ;;
    @*)
      booted=$(sed -n 's/^btime //p' /proc/stat)
      apart=$((booted + start / $(getconf CLK_TCK) - ${1#@}))
      [ "$apart" -ge -2 ] && [ "$apart" -le 2 ] ;;
    *) return 1 ;;
  esac
}

gone() {
  fact alive no
  [ "$mode" = look ] && end done "$1"
  end already "$1"
}

process() {
  name=$1; pid=$2; since=$3
  if [ -z "$pid" ]; then
    found=0
    short=$(printf '%.15s' "${name##*/}")
    for folder in /proc/[0-9]*; do
      read -r comm 2>/dev/null <"$folder/comm" || continue
      [ "$comm" = "$short" ] || continue
      observe "${folder#/proc/}" && is_named "${folder#/proc/}" "$name" || continue
      pid=${folder#/proc/}; found=$((found + 1))
    done
    [ "$found" = 0 ] && gone 'no process of that name runs'
    [ "$found" = 1 ] || end conflict "$found processes have that name: say which pid"
  fi
  observe "$pid" || gone 'no such process runs'
  began_at "$since" || gone 'the process id belongs to another process by now'
  is_named "$pid" "$name" || gone 'the process id belongs to a process of another name'
  fact alive yes
  fact pid "$pid"
  fact start_time "$start"
  fact name "$(plain "$comm")"
  fact executable "$(plain "$exe")"
  fact uid "$(stat -c %u "/proc/$pid" 2>/dev/null)"
  [ "$mode" = look ] && end done 'the process runs'
  first=$start
  [ "$pid" != "$$" ] && [ "$pid" != "$PPID" ] || end denied 'that is our own way in'
  # A stopped process cannot end, so its id cannot become another's while we look once more.
  kill -STOP "$pid" 2>/dev/null || { observe "$pid" && end denied 'not permitted to stop it'; gone 'it has just ended'; }
  if ! observe "$pid" || [ "$start" != "$first" ] || ! is_named "$pid" "$name"; then
    kill -CONT "$pid" 2>/dev/null
    gone 'it has just ended'
  fi
  kill -KILL "$pid" || end unknown 'it is stopped and could not be killed'
  tries=0
  while observe "$pid" && [ "$start" = "$first" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || end unknown 'it was killed and has not ended yet'
    sleep 0.05
  done
  end done 'the process is gone'
}

describe() {
  fact mode "$(stat -c %a -- "$1")"
  fact uid "$(stat -c %u -- "$1")"
  fact gid "$(stat -c %g -- "$1")"
  fact mtime "$(stat -c %Y -- "$1")"
  fact size "$(stat -c %s -- "$1")"
}

digest() { sha256sum <"$1" | cut -d' ' -f1; }

file() {
  path=$1; store=$2; expected=$3; bits=$4; owner=$5; group=$6
  parent=${path%/*}; parent=${parent:-/}
  key=$(printf '%s' "$path" | sha256sum | cut -c1-16)
  [ ! -L "$path" ] || end denied 'the path is a symbolic link'
  if [ -e "$parent" ]; then
    [ "$(readlink -f -- "$parent")" = "$parent" ] || end denied 'the path leads through a symbolic link'
  fi
  [ ! -L "$store" ] || end denied 'the quarantine is a symbolic link'
  here=
  if [ -e "$path" ]; then
    [ -f "$path" ] || end denied 'that is no regular file'
    here=$(digest "$path") || end unavailable 'the file cannot be read'
  fi
  id=
  if [ -n "$expected" ]; then id=$key-$expected
  elif [ -f "$store/$key.last" ]; then read -r id <"$store/$key.last"
  fi
  kept=no
  if [ -n "$id" ] && [ -f "$store/$id" ]; then kept=yes; fi
  # Moved, and cut off before it was entered.
  if [ -z "$here" ] && [ "$kept" = no ] && [ -f "$store/$key.incoming" ]; then incoming=yes; else incoming=no; fi
  case $mode in
    look)
      fact kept "$kept"
      if [ -n "$here" ]; then
        fact present yes; fact sha256 "$here"; describe "$path"
        end done 'the file is at its path'
      fi
      fact present no
      fact incoming "$incoming"
      [ "$kept" = yes ] && end done 'the file is in the quarantine'
      end done 'no such file'
      ;;
    quarantine)
      mkdir -p -- "$store" && chmod 700 -- "$store" || end unavailable 'the quarantine cannot be made'
      if [ -n "$here" ]; then
        [ -z "$expected" ] || [ "$expected" = "$here" ] || end conflict 'the file has other contents by now'
        [ "$(stat -c %h -- "$path")" = 1 ] || end conflict 'the file has other names (hard links)'
        mv -fT -- "$path" "$store/$key.incoming" || end unknown 'the file could not be moved'
      elif [ "$incoming" = no ]; then
        [ "$kept" = yes ] && end already 'the file is in the quarantine'
        end not_found 'no such file'
      fi
      moved=$store/$key.incoming
      if [ -L "$moved" ] || [ ! -f "$moved" ]; then
        mv -nT -- "$moved" "$path"
        end conflict 'the file was exchanged for something else'
      fi
      sum=$(digest "$moved")
      if [ -n "$expected" ] && [ "$sum" != "$expected" ]; then
        mv -nT -- "$moved" "$path"
        end conflict 'the file has other contents by now'
      fi
      id=$key-$sum
      { stat -c '%a %u %g %Y %s' -- "$moved"; printf '%s\n' "$path"; } >"$store/$id.meta"
      describe "$moved"
      fact sha256 "$sum"; fact id "$id"
      chmod 0000 -- "$moved" && mv -fT -- "$moved" "$store/$id" || end unknown 'the file could not be entered'
      printf '%s\n' "$id" >"$store/$key.last"
      sync -- "$store" 2>/dev/null
      end done 'the file is in the quarantine'
      ;;
    restore)
      if [ "$kept" = no ]; then
        [ -n "$here" ] && { [ -z "$expected" ] || [ "$expected" = "$here" ]; } && end already 'the file is at its path'
        [ -n "$here" ] && end conflict 'another file is at the path'
        end not_found 'the file is not in the quarantine'
      fi
      [ -z "$here" ] || end conflict 'another file is at the path'
      [ -d "$parent" ] || end conflict 'the folder of the file is gone'
      if [ -z "$bits" ] && [ -f "$store/$id.meta" ]; then read -r bits owner group rest <"$store/$id.meta"; fi
      [ -n "$bits" ] || end conflict 'owner and mode of the file are not known'
      chmod 600 -- "$store/$id" || end denied 'not permitted'
      if [ "$id" != "$key-$(digest "$store/$id")" ]; then
        chmod 0000 -- "$store/$id"
        end conflict 'the file was changed in the quarantine'
      fi
      if ! chown "$owner:$group" -- "$store/$id" || ! chmod "$bits" -- "$store/$id"; then
        chmod 0000 -- "$store/$id"
        end denied 'owner and mode cannot be set'
      fi
      mv -nT -- "$store/$id" "$path"
      if [ -e "$store/$id" ]; then
        chmod 0000 -- "$store/$id"
        end conflict 'another file is at the path'
      fi
      rm -f -- "$store/$id.meta" "$store/$key.last"
      sync -- "$parent" 2>/dev/null
      end done 'the file is at its path'
      ;;
  esac
}

network() {
  table=sallyport_isolation
  tables=$(nft list tables 2>&1) || end unavailable "nft: $(plain "$tables")"
  there=no
  case "
$tables
" in *"
table inet $table
"*) there=yes ;; esac
  case $mode in
    look)
      if [ "$there" = yes ]; then fact table "$(nft -j list table inet "$table")"; fi
      end done "isolation table: $there"
      ;;
    release)
      [ "$there" = yes ] || end already 'the host is not isolated'
      said=$(nft delete table inet "$table" 2>&1) || end unavailable "nft: $(plain "$said")"
      end done 'the host is released'
      ;;
    isolate)
      set -f; set -- $connection "$@"; set +f
      [ $# -ge 4 ] || end conflict 'the host does not say where we come from'
      client=$1; port=$4
      shift 4
      client=${client%%%*}; client=${client#::ffff:}
      rules="add table inet $table
delete table inet $table
add table inet $table
add chain inet $table input { type filter hook input priority -200; policy drop; }
add chain inet $table output { type filter hook output priority -200; policy drop; }
add chain inet $table forward { type filter hook forward priority -200; policy drop; }
add rule inet $table input iifname lo accept
add rule inet $table output oifname lo accept"
      for address in "$client" "$@"; do
        case $address in
          *:*) family=ip6
            rules="$rules
add rule inet $table input icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
add rule inet $table output icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept" ;;
          *) family=ip ;;
        esac
        rules="$rules
add rule inet $table input $family saddr $address tcp dport $port accept
add rule inet $table output $family daddr $address tcp sport $port accept"
        fact management "$address"
      done
      said=$(printf '%s\n' "$rules" | nft -f - 2>&1) || end unavailable "nft: $(plain "$said")"
      end done 'the host is isolated'
      ;;
  esac
}

case $kind in
  process) process "$@" ;;
  file) file "$@" ;;
  network) network "$@" ;;
esac
end invalid_input 'not an order of this script'
}
sallyport "$@" </dev/null
)script";
}

}  // namespace sallyport::connectors::ssh
