#!/bin/sh
# sallyport match through its own door: command_test.sh BINARY
. "$(dirname "$0")/../command.sh"

printf 'title: t\ndetection:\n  s:\n    Image|endswith: \\cmd.exe\n  condition: s\n' >rule.yml
printf 'Image: x\n' >bare.yml
printf 'Image: x\n---\nImage: y\n' >several.yml
printf 'a: 1\nImage|endwith: x\n' >faulty.yml

printf '{"Image" :  "C:\\\\CMD.exe"}\r\n{"Image":"y"}\n\n{"Image":"b\\\\cmd.exe"}' >events.jsonl
expect 0 match rule.yml events.jsonl
printf '{"Image" :  "C:\\\\CMD.exe"}\r\n{"Image":"b\\\\cmd.exe"}\n' | cmp - out || fail "bytes changed"
"$sallyport" match rule.yml <events.jsonl | cmp - out || fail "standard input differs from a file"

expect 1 match bare.yml events.jsonl
expect 0 match several.yml events.jsonl
[ "$(cat out)" = '{"Image":"y"}' ] || fail "any document of the rule file may match"
expect 2 match faulty.yml events.jsonl
grep -q "faulty.yml:2:1: error: .*did you mean 'endswith'" err || fail "the rule's fault has no place"
expect 2 match nowhere.yml events.jsonl
expect 2 match rule.yml nowhere.jsonl events.jsonl
[ "$(wc -l <out)" = 2 ] || fail "a file that is not there stops the others"

printf '{"Image":"y"}\n{"Image":\n5\n{"Image":"b\\\\cmd.exe"}\n' >broken.jsonl
expect 2 match rule.yml broken.jsonl
[ "$(wc -l <out)" = 1 ] || fail "a broken line stops the rest"
grep -q "^broken.jsonl:2: not JSON" err || fail "no place for the broken line"
grep -q "^broken.jsonl:3: an event is a JSON object" err || fail "a number is no event"
printf '{"Image":"y"\n{"Image":"b\\\\cmd.exe"}\n' >first.jsonl
expect 2 match rule.yml first.jsonl
[ "$(wc -l <out)" = 1 ] || fail "a broken first line stops the rest"

printf '[{"Image":"y"},\n {"Image": "b\\\\cmd.exe",\n  "s": "a  b"}]\n' >list.json
expect 0 match rule.yml list.json
[ "$(cat out)" = '{"Image":"b\\cmd.exe","s":"a  b"}' ] || fail "list over several lines"
printf '{\n "Image": "b\\\\cmd.exe"\n}\n{\n "Image": "y"\n}\n' >pretty.json
expect 0 match rule.yml pretty.json
[ "$(cat out)" = '{"Image":"b\\cmd.exe"}' ] || fail "objects over several lines"

{
  head -c 10000 /dev/zero | tr '\0' '['
  printf '\n{"Image":"b\\\\cmd.exe"}\n'
} >deep.jsonl
expect 2 match rule.yml deep.jsonl
[ "$(wc -l <out)" = 1 ] || fail "a deep line stops the rest"
{
  printf '{"Image":"'
  head -c 50000000 /dev/zero | tr '\0' 'x'
  printf '\\\\cmd.exe"}\n'
} >long.jsonl
expect 0 match rule.yml long.jsonl
cmp out long.jsonl || fail "a long line is not the same"
expect 1 match bare.yml /dev/null
echo "all of match's command line holds"
