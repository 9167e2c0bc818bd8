#!/usr/bin/env bash
# The demo as a newcomer starts it: demo_test.sh SALLYPORT. With products to act on (needs root and tools/setup --lab), and
# without, where it has to say so and must claim nothing about actions.
set -uo pipefail

binary=$1
failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

expect() {  # expect SENTENCE COMMAND...
  local sentence=$1
  shift
  if "$@" >/dev/null; then return; fi
  printf 'not so: %s\n' "$sentence"
  failed=1
}

"$binary" demo --once --data "$folder/data" >"$folder/with" 2>&1
status=$?
cat "$folder/with"
expect "the story held" test "$status" -eq 0
expect "there were products to act on" grep -q 'Everything went as the story says' "$folder/with"
expect "an address was blocked and is verified" grep -q 'verified by firewall' "$folder/with"
expect "an account was locked and is verified" grep -q 'verified by idp' "$folder/with"
expect "a machine was isolated and is verified" grep -q 'verified by edr' "$folder/with"
expect "the record stays and verifies" "$binary" ledger verify --data "$folder/data"

"$binary" demo --once --no-lab >"$folder/without" 2>&1
status=$?
cat "$folder/without"
expect "it ends well without products, too" test "$status" -eq 0
expect "it says that nothing was acted on" grep -q 'Nothing was acted on' "$folder/without"
expect "it claims no action" test -z "$(grep -E 'verified by|rolled_back' "$folder/without")"
exit $failed
