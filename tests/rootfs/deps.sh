# deps.sh - tests of rootfs/deps.sh; sourced by test.sh
# shellcheck shell=sh disable=SC2016,SC2154
# What is in single quotes is for another shell.

deps_complete()
{
	status 0 "$rootfs/deps.sh"
	is 1 "$(wc -l <"$t/out")"
	is "" "$(cat "$t/err")"
}

deps_nobody()
{
	needs_root
	cp "$rootfs/deps.sh" "$rootfs/find-busybox.sh" "$t"
	status 0 as_nobody "$t/deps.sh"
	is 1 "$(wc -l <"$t/out")"
}

# prints MANAGER LINE-START PACKAGE...
prints()
{
	status 0 "$rootfs/deps.sh" --manager "$1" --print
	is 1 "$(wc -l <"$t/out")"
	has "^$2 " "$t/out"
	shift 2
	for package; do
		has " $package\( \|\$\)" "$t/out"
	done
}

deps_apt()
{
	prints apt "apt-get install -y --no-install-recommends" gcc make \
		musl-tools busybox-static cpio jq uidmap parallel \
		pandoc perl python3-junitparser
}

deps_dnf()
{
	prints dnf "dnf install -y" gcc make musl-gcc busybox cpio jq \
		dnf-plugins-core
}

deps_apk()
{
	prints apk "apk add" gcc musl-dev linux-headers make busybox-static \
		cpio jq pandoc-cli
}

deps_pacman()
{
	prints pacman "pacman -S --needed --noconfirm" gcc make musl busybox \
		cpio jq pandoc-cli
}

# lacking - a PATH in $t/bin that has all of ours but jq and sudo
lacking()
{
	mkdir "$t/bin"
	for dir in /usr/local/bin /usr/bin /bin; do
		ln -s "$dir"/* "$t/bin" 2>/dev/null
	done
	rm -f "$t/bin/jq" "$t/bin/sudo"
}

# deps_as_nobody [OPTION] - deps.sh for somebody who may not install, with that PATH
deps_as_nobody()
{
	cp "$rootfs/deps.sh" "$rootfs/find-busybox.sh" "$t"
	as_nobody env PATH="$t/bin" "$t/deps.sh" "$@" </dev/null
}

deps_missing()
{
	needs_root
	lacking
	status 1 deps_as_nobody
	has 'missing: jq; type as root: .* jq$' "$t/err"
	is 1 "$(cat "$t/out" "$t/err" | wc -l)"
}

deps_needed()
{
	needs_root
	lacking
	rm -f "$t/bin/strace"
	status 1 deps_as_nobody
	has ' jq strace$' "$t/err"
	status 1 deps_as_nobody --needed
	has 'install .* jq$' "$t/err"
}

deps_busybox()
{
	needs_root
	lacking
	rm -f "$t/bin/cpio"
	ln -s "$("$rootfs/find-busybox.sh")" "$t/bin/cpio"
	status 1 deps_as_nobody --needed
	has 'missing: cpio jq; ' "$t/err"
}

deps_sudo()
{
	needs_root
	lacking
	: >"$t/typed"
	chmod 666 "$t/typed"
	printf '#!/bin/sh\n[ "$1" = -n ] || echo "$@" >>%s\n' "$t/typed" \
		>"$t/bin/sudo"
	chmod 755 "$t/bin/sudo"
	status 1 deps_as_nobody
	has ' jq$' "$t/typed"
	has 'missing: jq; type: sudo .* jq$' "$t/err"
}

test_deps()
{
	run "deps: all here, one line" deps_complete
	run "deps: the same for an ordinary user" deps_nobody
	run "deps: the line for apt" deps_apt
	run "deps: the line for dnf" deps_dnf
	run "deps: the line for apk" deps_apk
	run "deps: the line for pacman" deps_pacman
	run "deps: names what is missing and the line to type" deps_missing
	run "deps: --needed leaves out what is only useful" deps_needed
	run "deps: busybox's cpio is not the one" deps_busybox
	run "deps: installs through sudo" deps_sudo
}
