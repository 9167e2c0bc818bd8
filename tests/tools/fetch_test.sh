#!/usr/bin/env bash
# fetch_test.sh CHECKOUT: a server that could not be fetched is said to be absent, and nothing is kept that would pass
# for it the next time.
set -eu
cd "$1"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Maven as it is where the network, or its certificate, fails.
mkdir "$folder/bin"
printf '%s\n' '#!/bin/sh' 'echo "BUILD FAILURE"' 'exit 1' >"$folder/bin/mvn"
chmod +x "$folder/bin/mvn"

for server in kafka keycloak opensearch; do
  if PATH=$folder/bin:$PATH XDG_CACHE_HOME=$folder/cache "tools/$server" fetch 2>"$folder/err"; then
    echo "FAILED: tools/$server says that it fetched" >&2
    exit 1
  fi
  grep -q 'could not be fetched' "$folder/err" || { cat "$folder/err" >&2; exit 1; }
  kept=$(find "$folder/cache/sallyport" -mindepth 1 -maxdepth 1 ! -name '*.partial' ! -name '.*')
  [ ! "$kept" ] || { echo "FAILED: kept: $kept" >&2; exit 1; }
done
