#!/bin/sh
# template.sh KIND PREFIX WORK -- writes a new plugin with the installed tool, builds it against the installed SDK, runs its tests.
set -eu
kind=$1 prefix=$2 work=$3
here=$(dirname "$0")
rm -rf "$work"
mkdir -p "$work"
"$prefix/bin/rigger-new-plugin" --kind "$kind" --dir "$work/project" com.example.made-from-template >/dev/null
"$here/build_and_check.sh" "$work/project" "$work/build" "$prefix"
manifest=$work/build/plugins/com.example.made-from-template/plugin.yaml
digest=$(b2sum -l 256 "$work/build/plugins/com.example.made-from-template/com.example.made-from-template.so" | cut -d' ' -f1)
grep -q "blake2b: $digest" "$manifest" || { echo "the manifest does not hold the library's digest"; cat "$manifest"; exit 1; }
