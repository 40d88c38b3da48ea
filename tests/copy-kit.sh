#!/bin/sh
# copy-kit.sh BUILD DIR - a copy of the kit as it is given out
#
# So that nobody's own files are touched. What was built of the reference and
# of what judges is taken along.
set -eu
build=$(cd "$1" && pwd)
mkdir -p "$2"
kit=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."

git ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C "$kit"
mkdir "$kit/build"
for part in reference tests vm rootfs rootfs.stamp; do
	cp -a "$build/$part" "$kit/build"
done
# Whatever this tree has of somebody's.
cd "$kit"
for solution in solutions/*/*.c; do
	awk -f tests/tools/starter.awk "$solution" \
		>"stages/${solution#solutions/}"
done
