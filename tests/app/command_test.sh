#!/bin/sh
# What all commands share, through their own door: command_test.sh BINARY
. "$(dirname "$0")/../command.sh"

expect 0 --help
grep -q '^Example:' out || fail "the help has no example"
expect 2
expect 2 normalise --help
says "no command 'normalise'; did you mean 'normalize'?"
expect 2 gate evl --help
says "sallyport gate: no command 'evl'; did you mean 'eval'?"
for command in $("$sallyport" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  expect 0 "$command" --help
  grep -q Example out || fail "the help of $command has no example"
  expect 2 "$command" --no-such-option
done

printf 'tenants: {}\n' >policy.yaml
printf 'a: 1\n' >rule.yml
request='{"tenant":"a","action":"page","target":{"kind":"user","value":"u"},"requested_by":{"kind":"agent","id":"x"}}'
alert='{"title":"t","time":"2026-11-01T10:00:00Z"}'
i=0
while [ $i -lt 4000 ]; do
  echo "$request" >>requests.jsonl
  echo '{"a":1}' >>events.jsonl
  [ $i -ge 500 ] || echo "$alert" >>alerts.jsonl
  i=$((i + 1))
done
mkdir empty
for filter in "normalize" "match rule.yml" "investigate" "gate eval --policy policy.yaml"; do
  for unreadable in empty nowhere; do
    # shellcheck disable=SC2086
    expect 2 $filter $unreadable
    says "$unreadable"
  done
  input=alerts.jsonl
  case $filter in match*) input=events.jsonl ;; gate*) input=requests.jsonl ;; esac
  # A reader that wants no more is no fault; a disk that takes no more is one.
  # shellcheck disable=SC2086
  { status=0; "$sallyport" $filter $input 2>err || status=$?; echo $status >status; } | head -n 1 >out
  [ "$(cat status)" = 0 ] || fail "$filter | head: status $(cat status)"
  status=0
  # shellcheck disable=SC2086
  "$sallyport" $filter $input >/dev/full 2>err || status=$?
  [ $status = 2 ] || fail "$filter on a full disk: status $status"
  says "standard output could not be written"
done
expect 1 match rule.yml
for filter in "normalize" "investigate" "gate eval --policy policy.yaml"; do
  # shellcheck disable=SC2086
  expect 0 $filter
  [ ! -s out ] || fail "$filter makes something of nothing"
done
# A batch is taken apart, and what cannot be used of it is said.
echo '{"version":"4","alerts":[{"labels":{"alertname":"A"}},{"labels":{}},{"labels":{"alertname":"B"}}]}' >batch.json
for filter in "normalize" "investigate"; do
  # shellcheck disable=SC2086
  expect 2 $filter batch.json
  [ "$(wc -l <out)" = 2 ] || fail "$filter: $(wc -l <out) of a batch of two"
  says "title"
done
# What commands say of their options holds.
expect 2 policy set-tier acme L9 --reason drill
says "L9 not in"
expect 2 policy set-tier acme
says "TIER is required"
expect 2 policy show policy.yaml --text
says "excludes"
expect 2 investigate --record recorded --group
says "--group excludes --record"
expect 0 match --placeholder a=b --placeholder c=d rule.yml events.jsonl
SALLYPORT_URL=http://127.0.0.1:1 SALLYPORT_TOKEN=token expect 2 approvals list
says "127.0.0.1:1 does not answer"
expect 0 approvals list --help
grep -q -- '--limit UINT=100 ' out || fail "the help does not tell a default"
expect 0 ledger verify --help
grep -q -- '--data DIR ' out || fail "the help does not say what a value is"

expect 2 config check empty
expect 2 config check nowhere
expect 2 run --config nowhere

: >none.jsonl
expect 2 ledger verify none.jsonl
says "there is no entry in it"
expect 2 policy diff 99999999999999999999999 1 --data .

# What an alert is worth hangs on what is usual: after two days of one detection on a host, another one is news there, and what
# follows it within hours is taken for the next step. Without a memory each stands alone.
i=0
while [ $i -lt 48 ]; do
  echo "{\"id\":\"r$i\",\"timestamp\":$((1700000000 + i * 3600)),\"detector\":\"Sensor\",\"rule\":\"Session opened\",\"host\":\"web1\"}"
  i=$((i + 1))
done >stream.jsonl
cat >>stream.jsonl <<'END'
{"id":"scan","timestamp":1700172900,"detector":"Sensor","rule":"Multiple web server errors from the same source","host":"web1"}
{"id":"next","timestamp":1700174700,"detector":"Sensor","rule":"Unusual size of a request","host":"web1"}
{"id":"usual","timestamp":1700175600,"detector":"Sensor","rule":"Session opened","host":"web1"}
END
expect 0 investigate --group --remember stream.jsonl
grep -q '"alerts":\["scan"\].*"verdict":"suspicious"' out || fail "what is new on a host is not raised"
grep '"alerts":\["next"\]' out | grep -q '"verdict":"suspicious".*graph.under_attack' || fail "the next step is not raised"
grep '"usual"' out | grep -q '"verdict":"inconclusive"' || fail "routine is raised"
expect 0 investigate --group stream.jsonl
! grep -q '"verdict":"suspicious"' out || fail "without a memory nothing is new"
[ "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'sallyport-stream-*' -newer stream.jsonl | wc -l)" = 0 ] || fail "the memory is left behind"

# The allocator has to find our settings in the program: it reads a symbol that nothing else asks for.
if ldd "$sallyport" | grep -q libjemalloc; then
  MALLOC_CONF=stats_print:true "$sallyport" version >out 2>&1
  grep -q 'opt.dirty_decay_ms: 60000' out || fail "the allocator has other settings than ours"
fi
