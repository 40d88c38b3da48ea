#!/bin/sh
# system.sh DIR CC - the part of this machine that compiles C, to DIR
#
# CC, what it starts, the libraries of those, the headers, and a shell, each
# under the name that it has here: a root file system in which there is nothing
# else to be read, here or in the VM. CC is musl-gcc, or gcc where musl is the C
# library.
set -u
umask 022
to=$1
cc=$2

fail()
{
	echo "system.sh: $*" >&2
	exit 1
}

# take FILE...: with its name, though the folder of it may be a link here
take()
{
	for file; do
		place=$(realpath "$(dirname "$file")")
		if ! mkdir -p "$to$place" || ! cp -RL "$file" "$to$place"; then
			fail "cannot copy $file"
		fi
	done
}

# take_program FILE...: with the libraries that it needs
take_program()
{
	for program; do
		take "$program"
		# A script has none, and neither has what is linked statically.
		for library in $(ldd "$program" 2>/dev/null |
			grep -o '/[^ ]*'); do
			take "$library"
		done
	done
}

# program_of NAME: what CC starts under that name
program_of()
{
	found=$($cc -print-prog-name="$1") || fail "$cc -print-prog-name: failed"
	command -v "$found" || fail "$cc starts $1, which is nowhere"
}

rm -rf "$to"
mkdir -p "$to" || exit 1
for dir in /bin /sbin /lib /lib32 /lib64; do
	[ ! -L $dir ] || cp -P $dir "$to" || fail "cannot copy $dir"
done
take_program /bin/sh "$cc"
# What CC itself is, where it is a script.
# shellcheck disable=SC2016 # the script's text
real=$(sed -n 's/^exec "\${REALGCC:-\([^}]*\)}".*/\1/p' "$cc" 2>/dev/null)
[ -z "$real" ] || take_program "$(command -v "$real")"
for name in cc1 as ld collect2 lto-wrapper; do
	program=$(program_of $name) || exit 1
	take_program "$program"
done
libgcc=$($cc -print-libgcc-file-name) || fail "$cc -print-libgcc-file-name: failed"
private=$(dirname "$libgcc")
take "$private"/crt*.o "$private"/libgcc*.a "$private/include"
[ ! -e "$private/liblto_plugin.so" ] || take_program "$private/liblto_plugin.so"
# What it searches for headers; of what it is told to search after that, the
# kernel's.
$cc -E -v -x c - </dev/null 2>&1 >/dev/null |
	sed -n '/search starts here/,/^End/s/^ \//\//p' >"$to/headers" ||
	fail "$cc -v: failed"
while read -r dir; do
	[ ! -d "$dir" ] || take "$dir"
done <"$to/headers"
rm "$to/headers"
for dir in /usr/include /usr/include/"$($cc -print-multiarch)"; do
	for headers in linux asm asm-generic; do
		[ ! -d "$dir/$headers" ] || take "$dir/$headers"
	done
done
# musl-gcc's specs name the folder of its library; a compiler whose own it is
# knows it itself.
specs=$(sed -n 's/.*-specs "\([^"]*\)".*/\1/p' "$cc" 2>/dev/null)
if [ -n "$specs" ]; then
	take "$specs"
	library=$(sed -n 's/.*-L\([^ ]*musl[^ ]*\).*/\1/p' "$specs" | head -n 1)/libc.a
else
	library=$($cc -print-file-name=libc.a)
fi
[ -f "$library" ] || fail "$cc: its libc.a is nowhere"
take "${library%/*}"/*crt*.o "${library%/*}"/lib[cm].a
