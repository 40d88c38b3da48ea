#!/bin/sh
# deps.sh - install what the kit needs and this machine lacks
#
# deps.sh [--needed]             check, and install what is missing; only what
#                                nothing works without
# deps.sh --print [--manager M]  print the line that would install everything
#                                (M: apt, dnf, apk or pacman)
#
# Root installs directly, anybody else through sudo.  Exit status: 0 all that
# is needed is here, 1 something is missing and the line to type is printed.
set -eu

# What is missing shows by its command or file, never by a package list: it
# may be there without the manager's knowledge.  A - is a package that comes
# with another or is not needed there.  Commas separate packages.
table()
{
	case $(uname -m) in
	aarch64) emulator="qemu-system-aarch64 qemu-system-arm \
		qemu-system-aarch64-core qemu-system-aarch64 \
		qemu-system-aarch64" ;;
	*) emulator="qemu-system-x86_64 qemu-system-x86 \
		qemu-system-x86-core qemu-system-x86_64 qemu-system-x86" ;;
	esac
	cat <<-EOF
	# need probe apt dnf apk pacman
	yes cc        gcc,libc6-dev  gcc        gcc,musl-dev   gcc
	yes make      make           make       make           make
	yes musl      musl-tools     musl-gcc,musl-libc-static - musl
	yes headers   linux-libc-dev kernel-headers linux-headers linux-api-headers
	yes readelf   binutils       binutils   binutils       binutils
	yes busybox   busybox-static busybox    busybox-static busybox
	yes $emulator
	yes cpio      cpio           cpio       cpio           cpio
	yes jq        jq             jq         jq             jq
	yes timeout   coreutils      coreutils  coreutils      coreutils
	yes xz        xz-utils       xz         xz             xz
	yes zstd      zstd           zstd       zstd           zstd
	yes lz4       lz4            lz4        lz4            lz4
	yes script    bsdutils       util-linux-script util-linux-misc util-linux
	yes download  -              dnf-plugins-core -        curl
	no  newuidmap uidmap         shadow-utils shadow-uidmap shadow
	no  strace    strace         strace     strace         strace
	no  ps        procps         procps-ng  procps         procps-ng
	no  lsns      util-linux     util-linux lsns           util-linux
	no  xmllint   libxml2-utils  libxml2    libxml2-utils  libxml2
	no  man       man-db,manpages,manpages-dev man-db,man-pages \
		mandoc,man-pages man-db,man-pages
	no  parallel  parallel       parallel   parallel       parallel
	no  pandoc    pandoc         pandoc     pandoc-cli     pandoc-cli
	no  prove     perl           perl-Test-Harness perl-utils perl
	no  python3   python3        python3    python3        python
	no  junitparser python3-junitparser python3-junitparser - -
	EOF
}

# present PROBE - it is here
present()
{
	case $1 in
	# Where the system's own libc is musl, plain gcc serves.
	musl) command -v musl-gcc || ls /lib/ld-musl-*.so.1 ;;
	headers) [ -e /usr/include/linux/sched.h ] ;;
	busybox) "$here/find-busybox.sh" ;;
	# Those of busybox have not what is needed of them.
	cpio | timeout) "$1" --version | grep GNU ;;
	# A module, which the system's own Python is to have.
	junitparser) /usr/bin/python3 -c "import junitparser" ;;
	# What fetch-kernel.sh downloads with.
	download)
		case $manager in
		dnf) dnf download --help ;;
		pacman) command -v curl ;;
		esac
		;;
	*) command -v "$1" ;;
	esac >/dev/null 2>&1
}

# packages NEED [all] - the packages of what is missing, or of everything
packages()
{
	table | while read -r need probe apt dnf apk pacman; do
		[ "$need" = "$1" ] || continue
		if [ "${2:-}" != all ] && present "$probe"; then
			continue
		fi
		case $manager in
		apt) echo "$apt" ;;
		dnf) echo "$dnf" ;;
		apk) echo "$apk" ;;
		pacman) echo "$pacman" ;;
		*) echo "$probe" ;;
		esac
	done | tr , '\n' | grep -v '^-$' | tr '\n' ' ' | sed 's/ $//'
}

# line PACKAGE... - what to type to install them
line()
{
	case $manager in
	apt) echo "apt-get install -y --no-install-recommends $*" ;;
	dnf) echo "dnf install -y $*" ;;
	apk) echo "apk add $*" ;;
	pacman) echo "pacman -S --needed --noconfirm $*" ;;
	esac
}

# install PACKAGE... - do it
install()
{
	echo "deps: installing with $manager: $*"
	if [ "$manager" = apt ]; then
		# Old lists may still do where the network does not.
		$sudo apt-get -q update || :
		# shellcheck disable=SC2046
		$sudo env DEBIAN_FRONTEND=noninteractive $(line "$@")
		return
	fi
	# shellcheck disable=SC2046
	$sudo $(line "$@")
}

here=$(cd "$(dirname "$0")" && pwd)
# An ordinary user's PATH often lacks the sbin directories.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
manager=
print=
only=
while [ $# -gt 0 ]; do
	case $1 in
	--print) print=1 ;;
	--needed) only=1 ;;
	--manager)
		case ${2:-} in
		apt | dnf | apk | pacman) manager=$2 ;;
		*) echo "deps: --manager ${2:-}: not known here" >&2 && exit 2 ;;
		esac
		shift
		;;
	*) echo "usage: deps.sh [--needed] [--print]" \
		"[--manager MANAGER]" >&2 && exit 2 ;;
	esac
	shift
done
if [ -z "$manager" ] && [ -s /var/lib/dpkg/status ]; then
	manager=apt
elif [ -z "$manager" ]; then
	for manager in dnf apk pacman none; do
		! command -v "$manager" >/dev/null || break
	done
fi

if [ -n "$print" ]; then
	if [ "$manager" = none ]; then
		echo "deps: none of apt, dnf, apk and pacman is here:" \
			"--manager says which" >&2
		exit 1
	fi
	# shellcheck disable=SC2046
	line $(packages yes all) $(packages no all)
	exit
fi

# useful - what there is more of to be had
useful()
{
	[ -n "$only" ] || packages no
}

needed=$(packages yes)
useful=$(useful)
if [ -z "$needed$useful" ]; then
	echo "deps: everything is here"
	exit
fi

able=1 sudo=
if [ "$manager" = none ]; then
	able=
elif [ "$(id -u)" -ne 0 ]; then
	sudo=sudo
	# With a terminal, sudo can ask for the password.
	if ! command -v sudo >/dev/null ||
		{ ! sudo -n true 2>/dev/null && ! [ -t 0 ]; }; then
		able=
	fi
fi
if [ -n "$able" ]; then
	# shellcheck disable=SC2086
	install $needed $useful || { [ -z "$needed" ] || install $needed; } || :
	needed=$(packages yes)
	useful=$(useful)
fi

if [ -n "$needed" ] && [ "$manager" = none ]; then
	echo "deps: none of apt, dnf, apk and pacman is here;" \
		"please install: $needed" >&2
	exit 1
fi
if [ -n "$needed" ]; then
	if [ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null; then
		how="type: sudo"
	else
		how="type as root:"
	fi
	# shellcheck disable=SC2086
	echo "deps: missing: $needed; $how $(line $needed $useful)" >&2
	exit 1
fi
if [ -n "$useful" ]; then
	echo "deps: all that is needed is here; useful too: $useful"
	exit
fi
echo "deps: everything is here"
