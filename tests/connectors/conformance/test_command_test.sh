#!/bin/sh
# What `sallyport connector test` says and how it ends: test_command_test.sh BINARY SOURCE
. "$(dirname "$0")/../../command.sh"
source=$2
manifest=$source/connectors/idp/okta.yaml

expect 0 connector test okta
grep -q 'POST http://127.0.0.1:[0-9]*/api/v1/users/00ualice/lifecycle/suspend' out || fail "what was sent is not said"
grep -q 'rollback  *held  *enable_user: verified' out || fail "the rollback is not said"

# A manifest of one's own is tried like the shipped one that it is a version of; what does not hold is said.
sed 's|lifecycle/suspend|lifecycle/suspended|' "$manifest" >broken.yaml
expect 1 connector test broken.yaml
grep -q 'execute  *FAILED' out || fail "a wrong path holds"
sed '/in_effect/s/SUSPENDED/ACTIVE/' "$manifest" >lying.yaml
cmp -s "$manifest" lying.yaml && fail "the manifest was not changed"
expect 1 connector test lying.yaml


cp "$source/connectors/ticket/jira.yaml" mine.yaml
expect 0 connector test mine.yaml

expect 0 connector test --json panos
if grep -q 'lab-password' out; then fail "a secret stands in what was sent"; fi
grep -q '\*\*\*' out || fail "the place of the secret is not shown"

expect 2 connector test
says "name manifests"
expect 2 connector test oktaa
says "did you mean 'okta'?"
expect 2 connector test nowhere.yaml

# Another server is acted on for real: only what a policy lets run without a person.
expect 2 connector test okta --url http://127.0.0.1:9
says "--policy FILE --tenant NAME"
printf 'tenants: { acme: { tier: L2, authority: { owner: a@acme.example, approved: 2026-01-01, review_by: 2099-01-01 } } }\n' >policy.yaml
SECRET=lab-okta-token
export SECRET
expect 1 connector test okta --url http://127.0.0.1:9 --secret api_token=env:SECRET --policy policy.yaml --tenant acme
grep -q 'the gate: disable_user' out || fail "the gate was not asked"
if grep -q 'http://127' out; then fail "something was sent"; fi
expect 2 connector test okta --url http://127.0.0.1:9 --policy policy.yaml --tenant acme
says "secrets.api_token: is missing"
echo 'conjure: { target: { kind: user, value: alice } }' >samples.yaml
expect 2 connector test okta --samples samples.yaml
says "has no conjure"
