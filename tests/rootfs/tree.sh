# tree.sh - tests of rootfs/make-rootfs.sh; sourced by test.sh
# shellcheck shell=sh disable=SC2016,SC2154
# What is in single quotes is for another shell.

# tree DIR - all that matters of a tree
tree()
{
	(cd "$1" && find . -printf '%p %y %m %T@ %l\n' | sort &&
		find . -type f -exec sha256sum {} + | sort)
}

# same_tree DIR - as the one in build
same_tree()
{
	tree "$1" >"$t/tree"
	tree "$build/rootfs" | cmp - "$t/tree" || exit 1
}

rootfs_reproducible()
{
	(umask 077 && cd / && "$rootfs/make-rootfs.sh" "$t/a") || exit 1
	(umask 000 && cd "$t" && "$rootfs/make-rootfs.sh" b) || exit 1
	same_tree "$t/a"
	same_tree "$t/b"
}

rootfs_replaced()
{
	mkdir -p "$t/a/etc"
	touch "$t/a/etc/stale"
	status 0 "$rootfs/make-rootfs.sh" "$t/a/"
	same_tree "$t/a"
	is "$t/a" "$(ls -d "$t"/a*)"
}

rootfs_modes()
{
	is "" "$(find "$build/rootfs" ! -type l ! -perm -444)"
	is "" "$(find "$build/rootfs" -type d ! -perm -555)"
	is "" "$(find "$build/rootfs" ! -type l -perm -002 ! -perm -1000)"
	is 1777 "$(stat -c %a "$build/rootfs/tmp")"
}

rootfs_links()
{
	is "" "$(find "$build/rootfs" -type l -lname '/*')"
	is "" "$(find -L "$build/rootfs" -type l)"
	for applet in sh ls mount ps ip id cat sed awk unshare; do
		find "$build/rootfs" -name $applet | grep -q . ||
			{ echo "no $applet" && exit 1; }
	done
}

rootfs_nobody()
{
	needs_root
	mkdir "$t/nobody"
	chmod 777 "$t/nobody"
	cp -R "$rootfs" "$t/nobody/scripts"
	# Somebody else's checkout may have other modes.
	chmod -R go-w,g-r,o=rX "$t/nobody/scripts"
	status 0 as_nobody "$t/nobody/scripts/make-rootfs.sh" \
		"$t/nobody/root"
	same_tree "$t/nobody/root"
}

rootfs_foreign_uid()
{
	needs_root
	# One uid owns the tree, another one uses it.
	cp -a "$build/rootfs" "$t/foreign"
	chown -R 4242:4242 "$t/foreign"
	status 0 chroot "$t/foreign" /bin/busybox setpriv --help
	status 0 chroot --userspec=1000:1000 "$t/foreign" /bin/sh -c '
		set -e
		id -un; ls /root /home/student >/tmp/x
		. /etc/profile; cat /etc/* >/tmp/x; rm /tmp/x'
	is student "$(cat "$t/out")"
}

rootfs_interrupted()
{
	cp -a "$build/rootfs" "$t/kept"
	for delay in 0.02 0.06 0.1 0.15; do
		"$rootfs/make-rootfs.sh" "$t/kept" &
		sleep $delay
		kill -TERM $! 2>/dev/null
		wait $!
		same_tree "$t/kept"
		is "" "$(ls -d "$t"/kept.* 2>/dev/null)"
	done
}

rootfs_dynamic()
{
	status 1 env BUSYBOX=/bin/ls "$rootfs/make-rootfs.sh" "$t/dynamic"
	has 'BUSYBOX=/bin/ls: not a static program' "$t/err"
	is 1 "$(wc -l <"$t/err")"
	is "" "$(ls -d "$t"/dynamic* 2>/dev/null)"
}

test_tree()
{
	run "rootfs: same tree under any umask and directory" rootfs_reproducible
	run "rootfs: an old tree is replaced whole" rootfs_replaced
	run "rootfs: readable by everybody, writable by nobody" rootfs_modes
	run "rootfs: links are relative and lead somewhere" rootfs_links
	run "rootfs: an ordinary user builds the same tree" rootfs_nobody
	run "rootfs: works for a uid that does not own it" rootfs_foreign_uid
	run "rootfs: interrupted, it leaves the old tree" rootfs_interrupted
	run "rootfs: a dynamic busybox is refused" rootfs_dynamic
}
