#!/bin/sh
# without_manifest.sh SOURCE WORK PREFIX -- a project without a manifest and without a build type, with each compiler at hand: the manifest
# is made, names kind and services, and the library passes the kit. A second project shows what rig_add_plugin refuses.
set -eu
source=$1 work=$2 prefix=$3
fail() { echo "FAIL: $*"; exit 1; }
for compiler in c++ clang++; do
  command -v "$compiler" >/dev/null || continue
  build=$work/$compiler
  rm -rf "$build"
  cmake -S "$source" -B "$build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" >"$work.log" 2>&1 || { cat "$work.log"; exit 1; }
  cmake --build "$build" >"$work.log" 2>&1 || { cat "$work.log"; exit 1; }
  manifest=$build/plugins/com.example.least/plugin.yaml library=$build/plugins/com.example.least/com.example.least.so
  grep -q '^version: 1.2.3$' "$manifest" || fail "no version in the made manifest: $(cat "$manifest")"
  grep -q '{ id: com.example.least, kind: rig.placement-scorer/1 }' "$manifest" || fail "no component in the made manifest: $(cat "$manifest")"
  grep -q 'services: \[.*rig.log/1.*\]' "$manifest" || fail "no service in the made manifest: $(cat "$manifest")"
  "$prefix/bin/rigger-plugin-check" "$library" >"$work.log" || { cat "$work.log"; exit 1; }
done

# Without CMake, exceptions and run-time types: what a plugin does not use, the SDK does not ask for. What it cannot do is to catch what operator new
# throws.
flags=$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --variable=plugin_cflags rigger-sdk)
include=$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags rigger-sdk)
link=$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --variable=plugin_ldflags rigger-sdk)
for compiler in c++ clang++; do
  command -v "$compiler" >/dev/null || continue
  # shellcheck disable=SC2086
  "$compiler" -std=c++17 -O2 -Wall -Wextra -Werror -fno-exceptions -fno-rtti $flags $include "$source/plugin.cpp" $link -o "$work/plain.so"
  "$prefix/bin/rigger-plugin-check" "$work/plain.so" --skip errors.no-memory >"$work.log" || { cat "$work.log"; exit 1; }
done

refused() { # refused TEXT CMAKE-LINE... : this project must not build, and must say TEXT
  expected=$1 line=$2
  rm -rf "$work/refused"
  mkdir -p "$work/refused"
  cp "$source/plugin.cpp" "$work/refused/"
  printf 'id: com.example.least\nversion: 1.2.3\ncomponents: []\n' > "$work/refused/plugin.yaml"
  printf 'id: com.example.other\nversion: 1.2.3\n' > "$work/refused/other.yaml"
  printf '#include "plugin.cpp"\nextern "C" RIG_EXPORT int second() { return 2; }\n' > "$work/refused/second.cpp"
  printf 'cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES CXX)\nfind_package(rigger-sdk 1.0 CONFIG REQUIRED)\n%s\n' "$line" > "$work/refused/CMakeLists.txt"
  printf '{ global: *; };\n' > "$work/refused/all.map"
  if cmake -S "$work/refused" -B "$work/refused/b" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work.log" 2>&1 && cmake --build "$work/refused/b" >>"$work.log" 2>&1; then
    fail "must be refused: $line"
  fi
  tr -s ' \n' '  ' < "$work.log" | grep -q "$expected" || { cat "$work.log"; fail "the refusal of '$line' does not say '$expected'"; }
}
refused "is not a reverse DNS name" 'rig_add_plugin(x ID mine SOURCES plugin.cpp VERSION 1.0.0)'
refused "give VERSION" 'rig_add_plugin(x ID com.example.least SOURCES plugin.cpp)'
refused "SOURCES are missing" 'rig_add_plugin(x ID com.example.least VERSION 1.0.0)'
refused "does not exist" 'rig_add_plugin(x ID com.example.least SOURCES plugin.cpp MANIFEST nowhere.yaml)'
refused "unknown arguments" 'rig_add_plugin(x com.example.least SOURCES plugin.cpp)'
refused "make them equal" 'rig_add_plugin(x ID com.example.least SOURCES plugin.cpp MANIFEST other.yaml)'
refused "must export exactly rig_plugin_v1" 'rig_add_plugin(x ID com.example.least SOURCES second.cpp MANIFEST plugin.yaml)
set_target_properties(x PROPERTIES LINK_OPTIONS "")'
