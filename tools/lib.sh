# shellcheck shell=bash disable=SC2034
# Shared by the scripts in tools/. Sourced, never run. Moves to the root of the checkout, so that every script
# may be called from anywhere; `caller_dir` is where the caller stood.
set -euo pipefail

caller_dir=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*" >&2; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 2
}

# The comment at the top of the script is its help.
print_help() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# free_ports COUNT: prints so many ports that nobody listens on, below those that the kernel hands out to outgoing
# connections: one of these could take the port before a server does.
free_ports() {
  local candidate found=()
  while ((${#found[@]} < $1)); do
    candidate=$((20000 + SRANDOM % 12000))
    [[ " ${found[*]} " == *" $candidate "* ]] || (: 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null ||
      found+=("$candidate")
  done
  echo "${found[@]}"
}

# quietly LABEL LOG COMMAND...: runs COMMAND with its output in LOG. On a terminal one line shows how far it is;
# elsewhere (CI) one line a minute shows that it lives. When COMMAND fails, the end of the log is printed and its
# status returned.
quietly() {
  local label=$1 log=$2 started=$SECONDS status=0 minutes=0 last pid
  shift 2
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # Ctrl-C reaches this script only, for a background job of a script ignores it.
  trap 'kill "$pid" 2>/dev/null || true; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [[ -t 2 ]]; then
      last=$(tail -c 400 "$log" | tr '\r' '\n' | tail -n 1 | cut -c "1-$((${COLUMNS:-100} - ${#label} - 12))")
      printf '\r\033[K%s (%d s) %s' "$label" $((SECONDS - started)) "$last" >&2
    elif (((SECONDS - started) / 60 > minutes)); then
      minutes=$(((SECONDS - started) / 60))
      say "$label: $((SECONDS - started)) s, $(tail -c 400 "$log" | tail -n 1 | cut -c 1-100)"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
  if ((status)); then
    say "$label: failed with status $status. The end of $log:"
    tail -n 40 "$log" >&2
  else
    say "$label: done in $((SECONDS - started)) s"
  fi
  return $status
}

# build PRESET TARGET...: brings the targets up to date in build/PRESET. Ninja configures again by itself when a CMake
# file changed, so only the first time needs cmake.
build() {
  local preset=$1 folder=build/$1
  shift
  mkdir -p "$folder"
  exec {build_lock}>"$folder/.lock"  # ninja does not notice a second ninja in the same folder
  flock "$build_lock"
  if [[ ! -f $folder/build.ninja ]]; then
    quietly "Configuring $folder" build/configure.log cmake --preset "$preset" {build_lock}>&-
  fi
  # Asking first keeps the common case, nothing to do, silent.
  if ! ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then
    quietly "Building $*" build/build.log ninja -C "$folder" "$@" {build_lock}>&-
  fi
  exec {build_lock}>&-
}

build_release() { build release "$@"; }
