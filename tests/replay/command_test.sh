#!/bin/sh
# Recorded investigations come to the same again, and what differs is named: command_test.sh BINARY SOURCE
source_dir=$2
. "$(dirname "$0")/../command.sh"
recorded=$source_dir/tests/replay/recorded

# As they were recorded, models that answered, looked up, failed and fell silent among them: without a network.
expect 0 replay "$recorded"
[ "$(grep -c ': the same: ' out)" = "$(ls "$recorded"/*.json | wc -l)" ] || fail "not all were replayed"
expect 0 replay --json "$recorded"
! grep -q '"same":false' out || fail "one differs"

# A verdict that somebody changed is found, at its place.
cp -r "$recorded" changed
for file in changed/*.json; do sed -i 's/"verdict":"malicious","confidence"/"verdict":"benign","confidence"/' "$file"; done
expect 1 replay changed
grep -q '^  /verdict$' out || fail "the first difference is not named"
grep -q 'recorded  "benign"' out || fail "what was recorded is not shown"
grep -q 'replayed  "malicious"' out || fail "what came out is not shown"

# So is what a model said otherwise, and an alert that says something else.
cp -r "$recorded" other
for file in other/*.json; do sed -i 's/"severity":"high","time"/"severity":"low","time"/' "$file"; done
expect 1 replay other

# Another policy, or other rules: every difference.
printf 'tenants:\n  default: { tier: L3, authority: { owner: a@b.example, approved: 2026-01-01, review_by: 2099-01-01 } }\n' >policy.yaml
expect 1 replay "$recorded" --policy policy.yaml
grep -q '/proposals/0/decision/tier' out || fail "another policy shows no difference"
sed 's/intel.known_bad: { weight: 3.0 }/intel.known_bad: { weight: 0.5 }/' "$source_dir/config/reasoner.yaml" >reasoner.yaml
expect 1 replay "$recorded" --reasoner reasoner.yaml
grep -q '/confidence' out || fail "other rules show no difference"

# What lies beside a recording is part of it.
cp -r "$recorded" broken
for file in broken/kept/*; do printf ' ' >>"$file"; done
expect 2 replay broken
says "was changed"
expect 2 replay nowhere --data .

# A secret of the settings, and what looks like one, is in no recording, and the rest replays.
export MARKED=s3cret-marked-0815
cat >settings.yaml <<END
policy: $source_dir/config/policy.yaml
reasoner: $source_dir/config/reasoner.yaml
http: { listen: "", tokens: [ { name: siem, secret: "env:MARKED", roles: [ingest] } ] }
END
cat >alert.jsonl <<END
{"title":"Backup failed","severity":"high","host":"db-1","command_line":"dump --token $MARKED --password=hunter2 db","message":"Authorization: Bearer aaaabbbbccccddddeeeeffff"}
END
expect 0 investigate --config settings.yaml --record cases alert.jsonl
grep -q . out || fail "no verdict"
! grep -rqE "$MARKED|hunter2|aaaabbbbcccc" cases out || fail "a secret was recorded"
grep -rq '\[secret\]' cases || fail "nothing was taken out: the test would prove nothing"
expect 0 replay cases
