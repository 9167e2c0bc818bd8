#!/bin/sh
# `sallyport connector call` and `list`: call_command_test.sh BINARY SOURCE
. "$(dirname "$0")/../../command.sh"
alice='{"target":{"kind":"user","value":"alice@acme.example"}}'
unset SALLYPORT_URL SALLYPORT_TOKEN OKTA_TOKEN

# A dry run prints the requests as they would be sent, *** in place of the token, which it does not even need.
expect 0 connector call okta disable_user --with "$alice" --dry-run --base-url https://acme.okta.com
grep -q '^GET https://acme.okta.com/api/v1/users/alice%40acme.example$' out || fail "the read is not as it is sent"
grep -q '^POST https://acme.okta.com/api/v1/users/${{ state.id }}/lifecycle/suspend$' out || fail "the act is not shown"
grep -q '^Authorization: SSWS \*\*\*$' out || fail "the place of the secret is not shown"

printf 'connectors:\n  idp:\n    type: manifest\n    manifest: idp/okta.yaml\n    base_url: https://acme.okta.com\n    secrets: { api_token: env:OKTA_TOKEN }\n' >settings.yaml
expect 0 connector call idp disable_user --config settings.yaml --with "$alice" --dry-run --json
grep -q '"phase":"act"' out || fail "no JSON"
expect 0 connector call crowdstrike isolate_host --dry-run --base-url https://api.crowdstrike.com \
  --with '{"target":{"kind":"host","value":"WKS-0042"}}'
grep -q 'client_id=\*\*\*&client_secret=\*\*\*$' out || fail "the login is not shown, or with a secret"

# No socket, not even one that is refused: a trace of the system calls has none for the network.
if command -v strace >/dev/null && strace -f true 2>/dev/null; then
  # LeakSanitizer does not work under a tracer.
  ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -e trace=connect,sendto -o trace "$sallyport" connector call idp disable_user --config settings.yaml \
    --with "$alice" --dry-run >/dev/null
  if grep -E 'AF_INET' trace; then fail "a dry run reached for the network"; fi
else
  echo "no strace that may trace here: the system calls of a dry run were not looked at"
fi

# What must not be sent is not shown either.
expect 1 connector call okta disable_user --with '{"target":{"kind":"user","value":"../../admin"}}' --dry-run --base-url https://acme.okta.com
says "refused"
expect 1 connector call panos block_ip --with '{"target":{"kind":"ip","value":"0.0.0.0/0"}}' --dry-run --base-url https://fw.acme.example
says "refused"

# A call that changes something is the engine's to make: there is no way around its gate.
expect 2 connector call idp disable_user --config settings.yaml --with "$alice"
says "goes through the gate of a running engine"
expect 2 connector call idp disable_user --config settings.yaml --with 'alice' --dry-run
says "--with"
expect 2 connector call nobody disable_user --config settings.yaml --with "$alice" --dry-run
says "no connector of that name"
OKTA_TOKEN=token-of-nobody
export OKTA_TOKEN
printf 'connectors:\n  idp:\n    type: manifest\n    manifest: idp/okta.yaml\n    base_url: http://127.0.0.1:9\n    allow: [127.0.0.1]\n    secrets: { api_token: env:OKTA_TOKEN }\n' >local.yaml
expect 2 connector call idp disable_user --config local.yaml --with "$alice" --read
says "Connection refused"

expect 0 connector list --config settings.yaml
grep -q '^shipped .*idp/keycloak.yaml .*disable_user' out || fail "what is shipped is not listed"
grep -q '^configured  *idp  *idp  *Okta' out || fail "what is configured is not listed"
expect 0 connector list --config settings.yaml --json
grep -q '"where":"configured","name":"idp"' out || fail "no JSON"
expect 2 connector list --url http://127.0.0.1:9 --token 0123456789abcdef
