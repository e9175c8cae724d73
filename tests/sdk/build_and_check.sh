#!/bin/sh
# build_and_check.sh SOURCE BUILD PREFIX [CTEST-ARGUMENT...] -- configures and builds a third-party project against an installed SDK, and runs its tests.
set -eu
source=$1 build=$2 prefix=$3
shift 3
rm -rf "$build"
launcher=
if command -v ccache >/dev/null; then launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" $launcher >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" -j 2 >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
ctest --test-dir "$build" --output-on-failure "$@"
