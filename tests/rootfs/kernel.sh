# kernel.sh - tests of rootfs/fetch-kernel.sh and make-initramfs.sh; sourced by test.sh
# shellcheck shell=sh disable=SC2016,SC2154
# What is in single quotes is for another shell.

kernel_there()
{
	for file in vmlinuz modules.list VERSION; do
		[ -f "$build/vm/$file" ] || { echo "no $file" && exit 1; }
	done
	while read -r module; do
		is 7f454c46 "$(od -An -tx1 -N4 "$build/vm/modules/$module" |
			tr -d ' ')"
	done <"$build/vm/modules.list"
}

kernel_kept()
{
	before=$(stat -c %Y.%i "$build/vm/vmlinuz")
	# With nothing to download with: it must not try.
	status 0 "$rootfs/fetch-kernel.sh" "$build/vm"
	is "" "$(cat "$t/out" "$t/err")"
	is "$before" "$(stat -c %Y.%i "$build/vm/vmlinuz")"
}

# modules_tree DIR - a /lib/modules/RELEASE made of the modules in build
modules_tree()
{
	mkdir -p "$1/kernel/some/where"
	cp "$build"/vm/modules/*.ko "$1/kernel/some/where"
	for name in virtio_pci virtio_console overlay veth; do
		echo "kernel/x/$name.ko"
	done >"$1/modules.builtin"
}

kernel_given()
{
	modules_tree "$t/9.9-test"
	# Distributions pack their modules in various ways.
	set -- "$t"/9.9-test/kernel/some/where/*.ko
	for pack in xz gzip "zstd --rm -q"; do
		[ $# -eq 0 ] || { $pack "$1" && shift; }
	done
	export KERNEL="$build/vm/vmlinuz" MODULES="$t/9.9-test"
	status 0 "$rootfs/fetch-kernel.sh" "$t/given"
	is 9.9-test "$(head -n 1 "$t/given/VERSION")"
	for file in vmlinuz modules.list modules; do
		diff -r "$build/vm/$file" "$t/given/$file" || exit 1
	done
	[ ! -e "$build/vm/vmlinux" ] ||
		cmp "$build/vm/vmlinux" "$t/given/vmlinux"
	# Others in place of these.
	mv "$t/9.9-test" "$t/9.9-other"
	export MODULES="$t/9.9-other"
	status 0 "$rootfs/fetch-kernel.sh" "$t/given"
	is 9.9-other "$(head -n 1 "$t/given/VERSION")"
}

kernel_bad()
{
	modules_tree "$t/9.9-bad"
	export KERNEL=/bin/sh MODULES="$t/9.9-bad"
	status 1 "$rootfs/fetch-kernel.sh" "$t/bad"
	has '/bin/.*: not a kernel$' "$t/err"
	is 1 "$(wc -l <"$t/err")"
	empty "$t/bad" || exit 1
	export KERNEL=/nonexistent
	status 1 "$rootfs/fetch-kernel.sh" "$t/bad"
	has 'KERNEL=/nonexistent: cannot read it' "$t/err"
	export KERNEL="$build/vm/vmlinuz" MODULES="$t/nowhere"
	status 1 "$rootfs/fetch-kernel.sh" "$t/bad"
	has 'give MODULES=DIR' "$t/err"
}

kernel_missing_module()
{
	modules_tree "$t/9.9-less"
	rm "$t"/9.9-less/kernel/some/where/veth.ko
	rm "$t"/9.9-less/modules.builtin
	: >"$t/9.9-less/modules.builtin"
	export KERNEL="$build/vm/vmlinuz" MODULES="$t/9.9-less"
	status 1 "$rootfs/fetch-kernel.sh" "$t/less"
	has 'has no veth, nor is it built in' "$t/err"
	empty "$t/less"
}

kernel_offline()
{
	mkdir "$t/offline"
	for name in apt-get apt-cache dnf apk pacman; do
		printf '#!/bin/sh\necho no network >&2\nexit 1\n' \
			>"$t/offline/$name"
		chmod 755 "$t/offline/$name"
	done
	status 1 env PATH="$t/offline:$PATH" \
		"$rootfs/fetch-kernel.sh" "$t/none"
	has 'cannot download a kernel package; give one.*KERNEL=/' "$t/err"
	empty "$t/none"
}

initramfs_reproducible()
{
	(umask 077 && "$rootfs/make-initramfs.sh" "$t/initramfs" \
		"$build/rootfs" "$build/vm") || exit 1
	cmp "$build/vm/initramfs.cpio" "$t/initramfs"
}

initramfs_owners()
{
	# cpio lists the first of the archives: all but home/student and /.vm
	cpio -itvn --quiet <"$build/vm/initramfs.cpio" |
		awk '$3 != 0 || $4 != 0' >"$t/out"
	is "" "$(cat "$t/out")"
}

test_kernel()
{
	run "kernel: kernel, modules and version are there" kernel_there
	run "kernel: a complete one is left alone" kernel_kept
	run "kernel: KERNEL= and compressed modules" kernel_given
	run "kernel: what is no kernel is refused" kernel_bad
	run "kernel: a module that is missing is named" kernel_missing_module
	run "kernel: without a network, says how to give one" kernel_offline
	run "initramfs: same bytes under any umask" initramfs_reproducible
	run "initramfs: everything is root's" initramfs_owners
}
