# For tests of the command line, to be sourced: command_test.sh BINARY. A temporary folder as the working directory, gone at
# the end; expect STATUS ARGUMENT... runs sallyport with its output in `out` and `err`.
set -eu
sallyport=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

expect() {
  wanted=$1
  shift
  status=0
  "$sallyport" "$@" >out 2>err </dev/null || status=$?
  [ "$status" = "$wanted" ] || { cat err >&2; fail "status $status, not $wanted: $*"; }
}

# says TEXT: standard error of the last command
says() {
  grep -qF -- "$1" err || { cat err >&2; fail "it does not say: $1"; }
}
