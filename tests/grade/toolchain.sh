#!/bin/sh
# toolchain.sh ROOT CC - the compiler CC alone, below ROOT
#
# Where nobody may make a box, a compiler is kept from answers and tests by
# chroot: what it needs is copied here, once. It knows the places of gcc with
# musl on Debian and Ubuntu, which is what graders of that kind run.
set -eu
root=$1
cc=$2

fail()
{
	echo "toolchain: $*" >&2
	exit 1
}

# copy PATH: what it leads to, under the same name
copy()
{
	if ! mkdir -p "$root${1%/*}" || ! cp -RL "$1" "$root${1%/*}"; then
		fail "cannot copy $1 to $root"
	fi
}

# program PATH: with the libraries that it loads
program()
{
	[ -e "$1" ] || fail "$1: there is no such program"
	copy "$1"
	ldd "$1" 2>/dev/null | grep -o '/[^ )]*' | while read -r library; do
		[ -e "$root$library" ] || copy "$library"
	done
}

rm -rf "$root.new"
final=$root
root=$root.new
mkdir -p "$root/usr" "$root/tmp" || fail "cannot make $root"
chmod 1777 "$root/tmp"
for dir in /bin /lib /lib32 /lib64; do
	[ ! -L $dir ] || { cp -P $dir "$root" && mkdir -p "$root/usr$dir"; }
done
gcc=$(uname -m)-linux-gnu-gcc
for name in sh "$cc" gcc "$gcc" as ld; do
	path=$(command -v "$name") || fail "$name: there is no such program"
	program "$path"
done
for name in cc1 collect2; do
	program "$($cc -print-prog-name=$name)"
done
# What gcc links with, but no library of another language.
own=$(dirname "$($cc -print-libgcc-file-name)")
copy "$own/include"
for file in "$own"/crt*.o "$own"/libgcc*.a "$own"/liblto_plugin.so; do
	[ ! -e "$file" ] || copy "$file"
done
# Only the kernel's headers and musl.
for dir in /usr/include/linux /usr/include/asm-generic \
	/usr/include/"${gcc%-gcc}"/asm /usr/include/*-linux-musl \
	/usr/lib/*-linux-musl; do
	[ ! -d "$dir" ] || copy "$dir"
done
rm -rf "$final"
mv "$root" "$final" || fail "cannot make $final"
