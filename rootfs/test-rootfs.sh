#!/bin/sh
# test-rootfs.sh [BUILD] - test deps, the root filesystem, the kernel, the VM
#
# Prints TAP.  Builds what is missing in BUILD (build) and writes nothing else
# there.  What only root can do is skipped for anybody else.
# What is in single quotes is for the guest's shell.
# shellcheck disable=SC2016,SC1003
set -u

cd "$(dirname "$0")/.." || exit 1
B=${1:-${B:-build}}
case $B in
/*) build=$B ;;
*) build=$PWD/$B ;;
esac
rootfs=$PWD/rootfs
vm=$rootfs/vm.sh
# Other users must be able to enter it, so not below somebody's TMPDIR.
tmp=$(mktemp -d /tmp/test-rootfs.XXXXXX) || exit 1
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
export TMPDIR VMDIR="$build/vm"
unset KERNEL MODULES BUSYBOX ACCEL

# run NAME FUNCTION - a test: it fails by exit or return, its output says why.
# Each has a folder $t for itself, and in it a TMPDIR that it must leave empty.
# Two run at a time; the results come in order.
count=0
pending=
run()
{
	count=$((count + 1))
	pending="$pending $count"
	t=$tmp/$count
	TMPDIR=$t/tmp
	(
		mkdir -p "$TMPDIR"
		chmod 777 "$TMPDIR"
		if ("$2" && empty "$TMPDIR") >"$t/log" 2>&1; then
			skip=$(sed -n 's/^SKIP / # SKIP /p' "$t/log")
			echo "ok $count - $1$skip"
		else
			echo "not ok $count - $1"
			sed 's/^/# /' "$t/log"
		fi >"$t.result"
		rm -rf "$t"
	) &
	case $pending in
	*" "*" "*) results ;;
	esac
}

# results - of those running, once they have ended
results()
{
	wait
	for number in $pending; do
		cat "$tmp/$number.result"
	done
	pending=
}

# is EXPECTED ACTUAL - the same text
is()
{
	[ "$1" = "$2" ] || { echo "expected: $1" && echo "got: $2" && exit 1; }
}

# has PATTERN FILE - a line of it matches
has()
{
	grep -q -e "$1" "$2" || { echo "no $1 in:" && cat "$2" && exit 1; }
}

# status EXPECTED CMD... - CMD ends so; its output is in $t/out and $t/err
status()
{
	expected=$1
	shift
	got=0
	"$@" >"$t/out" 2>"$t/err" || got=$?
	if [ "$got" -ne "$expected" ]; then
		echo "expected status $expected, got $got: $*"
		head -c 2000 "$t/out"
		head -c 2000 "$t/err"
		exit 1
	fi
}

# soon CMD... - true within five seconds
soon()
{
	tries=100
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "not in 5 s: $*" && exit 1; }
		sleep 0.05
	done
}

# empty DIR - nothing is in it (else its output says what)
empty()
{
	[ -z "$(ls -A "$1")" ] || { ls -lAR "$1" && return 1; }
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# needs_root - or say SKIP; and a way to become somebody else
needs_root()
{
	if [ "$(id -u)" -ne 0 ]; then
		echo "SKIP root only" && exit 0
	fi
	command -v setpriv >/dev/null || { echo "SKIP no setpriv" && exit 0; }
}

# as_nobody CMD... - without any right
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@"
}

# --- deps.sh ----------------------------------------------------------------

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
		musl-tools busybox-static cpio jq uidmap parallel
}

deps_dnf()
{
	prints dnf "dnf install -y" gcc make musl-gcc busybox cpio jq \
		dnf-plugins-core
}

deps_apk()
{
	prints apk "apk add" gcc musl-dev linux-headers make busybox-static \
		cpio jq
}

deps_pacman()
{
	prints pacman "pacman -S --needed --noconfirm" gcc make musl busybox \
		cpio jq
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

# deps_as_nobody - deps.sh for somebody who may not install, with that PATH
deps_as_nobody()
{
	cp "$rootfs/deps.sh" "$rootfs/find-busybox.sh" "$t"
	as_nobody env PATH="$t/bin" "$t/deps.sh" </dev/null
}

deps_missing()
{
	needs_root
	lacking
	status 1 deps_as_nobody
	has 'missing: jq; type as root: .* jq$' "$t/err"
	is 1 "$(cat "$t/out" "$t/err" | wc -l)"
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

# --- make-rootfs.sh ---------------------------------------------------------

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
		[ ! -e "$t/kept" ] || same_tree "$t/kept"
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

# --- fetch-kernel.sh, make-initramfs.sh -------------------------------------

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

# --- vm.sh ------------------------------------------------------------------

# cpu_time - hundredths of a second, of what this shell has waited for
cpu_time()
{
	# Not into a pipe: a subshell has waited for nobody.
	times >"$t/times"
	tr ms '  ' <"$t/times" | awk 'NR == 2 {
		print int(($1 * 60 + $2 + $3 * 60 + $4) * 100) }'
}

vm_boots_fast()
{
	"$rootfs/vm-accel.sh" "$VMDIR"
	for try in 1 2 3 4 5; do
		cpu=$(cpu_time)
		start=$(date +%s%N)
		"$vm" -- true || exit 1
		took=$((($(date +%s%N) - start) / 10000000))
		cpu=$(($(cpu_time) - cpu))
		echo "try $try: took $took, of CPU time $cpu hundredths"
		echo $((took / 100)) >"$tmp/boot"
		# Where others keep the machine busy, the CPU time tells.
		if [ $took -le 300 ] || [ $cpu -le 300 ]; then
			exit 0
		fi
	done
	exit 1
}

vm_streams()
{
	status 7 "$vm" -- 'echo out; echo err >&2; echo again >/dev/stdout
		echo more >/dev/stderr; exit 7'
	is "out again" "$(tr '\n' ' ' <"$t/out" | sed 's/ $//')"
	is "err more" "$(tr '\n' ' ' <"$t/err" | sed 's/ $//')"
}

vm_arguments()
{
	status 137 "$vm" -- sh -c 'printf "<%s>" "$@"; kill -9 $$' - \
		"it's" '' ' a  b ' '$HOME "\' 'new
line' '-n'
	is "<it's><>< a  b ><\$HOME \"\\><new
line><-n>" "$(cat "$t/out")"
}

vm_binary()
{
	i=0
	while [ $i -lt 256 ]; do
		printf %b "\\0$(printf %03o $i)"
		i=$((i + 1))
	done >"$t/bytes"
	# Large and odd, through all three streams.
	head -c 3000001 /dev/urandom | cat "$t/bytes" - >"$t/sent"
	status 0 "$vm" --stdin -- 'cat >/tmp/x; cat /tmp/x; cat /tmp/x >&2' \
		<"$t/sent"
	cmp "$t/sent" "$t/out" && cmp "$t/sent" "$t/err"
}

vm_slow_reader()
{
	head -c 2000000 /dev/urandom >"$t/sent"
	"$vm" --add "$t/sent:/sent" -- cat /sent |
		{ sleep 3 && cat >"$t/out"; }
	cmp "$t/sent" "$t/out"
}

vm_closed_reader()
{
	start=$(date +%s)
	is y "$("$vm" --timeout 50 -- yes | head -n 1)"
	[ $(($(date +%s) - start)) -lt 40 ]
}

vm_add()
{
	mkdir -p "$t/folder/sub"
	echo one >"$t/folder/sub/one"
	ln -s sub/one "$t/folder/link"
	printf '#!/bin/sh\necho "run $*"\n' >"$t/folder/prog"
	chmod 750 "$t/folder"
	chmod 4751 "$t/folder/prog"
	chmod 640 "$t/folder/sub/one"
	status 0 "$vm" --add "$t/folder:/opt/kit" \
		--add "$t/folder/prog:/tmp/p" \
		--add "$t/folder/prog:/home/student/p" -- '
		/opt/kit/prog a; cat /opt/kit/link
		stat -c "%a %u %n" /opt/kit /opt/kit/prog /opt/kit/sub/one /opt \
			/tmp /tmp/p /home/student /home/student/p'
	echo 'run a
one
750 0 /opt/kit
4751 0 /opt/kit/prog
640 0 /opt/kit/sub/one
755 0 /opt
1777 0 /tmp
4751 0 /tmp/p
755 1000 /home/student
4751 0 /home/student/p' | diff - "$t/out"
}

vm_out()
{
	"$vm" --out "$t/file" -- 'echo first >$VM_OUT; cat /bin/busybox >>$VM_OUT
		su student -c "echo student >>$VM_OUT"; echo out; sleep 3' \
		>"$t/out" &
	pid=$!
	{ echo first && cat "$build/rootfs/bin/busybox" && echo student; } \
		>"$t/expected"
	tries=300
	until cmp -s "$t/expected" "$t/file"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "not there" && exit 1; }
		sleep 0.05
	done
	gone $pid && echo "came only at the end" && exit 1
	wait $pid || exit 1
	is out "$(cat "$t/out")"
	cmp "$t/expected" "$t/file"
}

vm_timeout()
{
	limit=$(($(cat "$tmp/boot") * 4 + 2))
	status 124 "$vm" --timeout $limit --out "$t/file" -- \
		'echo so far; echo result >$VM_OUT; sleep 100'
	is "so far" "$(cat "$t/out")"
	is result "$(cat "$t/file")"
	has "^vm.sh: timeout after $limit s: echo so far; " "$t/err"
}

vm_panic()
{
	status 125 "$vm" -- 'echo before; echo c >/proc/sysrq-trigger'
	is before "$(cat "$t/out")"
	has '^vm.sh: the guest died: echo before' "$t/err"
	has '^vm.sh: console: .*Kernel panic' "$t/err"
	has 'sysrq triggered crash' "$build/vm/console.log"
}

vm_no_boot()
{
	status 125 env BOOT_TIMEOUT=0.3 "$vm" -- true
	has 'no boot within 0.3 s: true' "$t/err"
	# A kernel that finds no init.
	mkdir "$t/vm"
	ln -s "$build"/vm/vmlinu* "$t/vm"
	: >"$t/vm/initramfs.cpio"
	status 125 env VMDIR="$t/vm" ACCEL=tcg "$vm" -- true
	has 'the guest did not boot (tcg): true' "$t/err"
	has 'Kernel panic' "$t/vm/console.log"
	status 125 env QEMU=/nonexistent "$vm" -- true
	has '/nonexistent: not found' "$t/err"
	status 125 env QEMU=false "$vm" -- true
}

vm_refuses()
{
	for bad in "--memory 0" "--memory 1G" "--cpus x" "--timeout -1" \
		"--timeout 0" "--cpus" "--add $t" "--add /nonexistent:/x" \
		"--add /bin/ls:x" "--add /bin/ls:/../x" \
		"--add /bin/ls:/dev/x" "--frob" "--out /nonexistent/x" "--"; do
		# shellcheck disable=SC2086
		case $bad in
		--*" "*) status 125 "$vm" $bad -- true ;;
		*) status 125 "$vm" $bad ;;
		esac
		is 1 "$(wc -l <"$t/err")"
		has '^vm.sh: ' "$t/err"
	done
	status 125 env ACCEL=warp "$vm" -- true
}

vm_strays()
{
	status 9 "$vm" -- 'sleep 1000 & setsid sleep 1000 &
		(trap "" HUP INT TERM; while :; do echo x; sleep 0.1; done) &
		sleep 0.5; echo end; exit 9'
	has '^end$' "$t/out"
	# The classic: kill(-1) by one who meant a child.
	status 3 "$vm" -- 'echo before; kill -9 -1; echo after; exit 3'
	is "before after " "$(tr '\n' ' ' <"$t/out")"
}

# killed SIGNAL STATUS - vm.sh ends so, and nothing remains
killed()
{
	sh -c 'exec "$0" -- "sleep 100"' "$vm" >/dev/null 2>&1 &
	pid=$!
	soon eval "[ -s $TMPDIR/vm.*/qemu.pid ]"
	qemu=$(cat "$TMPDIR"/vm.*/qemu.pid)
	sleep 0.5
	kill -"$1" $pid
	wait $pid
	is "$2" $?
	soon gone "$qemu"
	soon empty "$TMPDIR"
	is "" "$(pgrep -f "$TMPDIR/vm")"
}

vm_killed()
{
	killed KILL 137
	killed TERM 143
}

# In one boot, what programs find there; prints the names of what is so.
guest='
say() { echo "$1" >>/tmp/facts; }
c=$(cat /sys/fs/cgroup/cgroup.subtree_control)
for want in cpu cpuset io memory pids; do
	case " $c " in *" $want "*) say cgroup-$want ;; esac
done
mkdir /sys/fs/cgroup/t && echo 10 >/sys/fs/cgroup/t/pids.max &&
	echo 9000000 >/sys/fs/cgroup/t/memory.max && say cgroup-limits
[ "$(id -u) $(hostname) $PWD $HOME" = "0 tenstages /root /root" ] && say root
ping -c 1 -W 2 127.0.0.1 >/dev/null && say lo
ip link add va type veth peer name vb && say veth
mkdir -p /tmp/o/l /tmp/o/u /tmp/o/w /tmp/o/m && echo x >/tmp/o/l/x
mount -t overlay overlay -o \
	lowerdir=/tmp/o/l,upperdir=/tmp/o/u,workdir=/tmp/o/w /tmp/o/m &&
	echo y >/tmp/o/m/x && grep -q y /tmp/o/u/x && say overlay
mkdir -p /tmp/n && unshare -m sh -c "
	mount -o bind / /tmp/n && cd /tmp/n && mkdir -p mnt &&
	pivot_root . mnt && exec chroot . sh -c \"umount -l /mnt && ls /bin/sh\"
	" >/dev/null && say pivot-root
su student -c "unshare -Urmpf --mount-proc sh -c \"
	mount -t tmpfs t /mnt && mkdir /mnt/a && id -u && echo \\\$\\\$\"" \
	>/tmp/u && [ "$(echo $(cat /tmp/u))" = "0 1" ] && say userns
su - student -c "touch x && id -un && pwd" >/tmp/u &&
	[ "$(echo $(cat /tmp/u))" = "student /home/student" ] && say student
[ "$(stat -f -c %T /) $(stat -c %a /tmp /dev/shm | tr "\n" " ")" = \
	"tmpfs 1777 1777 " ] && say tmpfs
grep -q " / / .* shared:" /proc/self/mountinfo && say shared
[ "$(echo $(ls /))" = \
	"bin dev etc home mnt proc root run sbin sys tmp usr var" ] && say tidy
awk "/^Sig(Ign|Blk)/ && \$2 !~ /^0+\$/ { exit 1 }" /proc/self/status &&
	say signals
[ "$(ls /proc/self/fd | wc -l)" = 4 ] && say descriptors
[ "$(nproc)" = 3 ] && say cpus
[ "$(awk "/^MemTotal/ { print int(\$2 / 100000) }" /proc/meminfo)" = 3 ] &&
	say memory
[ "$(ulimit -Hn)" -ge 4096 ] && [ -c /dev/ptmx ] && [ -e /dev/fd/1 ] &&
	say devices
cat /tmp/facts
'
vm_guest()
{
	status 0 "$vm" --cpus 3 --memory 380 -- "$guest"
	for fact in cgroup-cpu cgroup-cpuset cgroup-io cgroup-memory \
		cgroup-pids cgroup-limits root lo veth overlay pivot-root \
		userns student tmpfs shared tidy signals descriptors cpus \
		memory devices; do
		has "^$fact\$" "$t/out"
	done
	is "" "$(cat "$t/err")"
}

vm_shell()
{
	command -v script >/dev/null || { echo "SKIP no script(1)" && exit 0; }
	{ printf 'stty size; tty; echo $((6*7)); exit 5\n' && sleep 2; } |
		status 5 script -qec "stty rows 33 cols 101; $vm" /dev/null
	tr -d '\r' <"$t/out" >"$t/text"
	has '^33 101$' "$t/text"
	has '^/dev/hvc0$' "$t/text"
	has '^42$' "$t/text"
	has 'root@tenstages:~# ' "$t/text"
}

vm_script()
{
	echo 'echo from stdin; exit 6' | status 6 "$vm"
	is "from stdin" "$(cat "$t/out")"
}

vm_nobody()
{
	needs_root
	mkdir "$t/user" "$t/user/tmp"
	chmod 777 "$t/user/tmp"
	cp -R "$rootfs" "$t/user/rootfs"
	mkdir "$t/user/vm"
	cp -R "$build"/vm/[!a]* "$t/user/vm"
	chmod -R a+rX "$t/user"
	status 4 as_nobody env VMDIR="$t/user/vm" TMPDIR="$t/user/tmp" \
		"$t/user/rootfs/vm.sh" -- 'id -u; exit 4'
	is 0 "$(cat "$t/out")"
	is "" "$(cat "$t/err")"
	empty "$t/user/tmp"
}

vm_hanging_kvm()
{
	{ true <>/dev/kvm; } 2>/dev/null ||
		{ echo "SKIP no /dev/kvm to open" && exit 0; }
	printf '#!/bin/sh\nexec sleep 100\n' >"$t/qemu"
	chmod 755 "$t/qemu"
	mkdir "$t/vm"
	ln -s "$build"/vm/vmlinu* "$build/vm/initramfs.cpio" "$t/vm"
	status 0 env QEMU="$t/qemu" "$rootfs/vm-accel.sh" "$t/vm"
	is tcg "$(cat "$t/out")"
	is tcg "$(head -n 1 "$t/vm/accel")"
	# The second time it is known.
	status 0 env QEMU=/nonexistent "$rootfs/vm-accel.sh" "$t/vm"
	is tcg "$(cat "$t/out")"
}

vm_make()
{
	set -- make --no-print-directory -f rootfs/rootfs.mk B="$B" vm
	status 0 "$@" CMD='echo "$HOME $((1+1))"'
	is "/root 2" "$(cat "$t/out")"
	is "" "$(cat "$t/err")"
	status 2 "$@" CMD='echo no; exit 7'
	is no "$(cat "$t/out")"
	has 'Error 7' "$t/err"
}

make -s -f rootfs/rootfs.mk B="$B" "$B/vm/initramfs.cpio" >"$tmp/log" 2>&1 ||
	{ cat "$tmp/log" && echo "Bail out! cannot build $B/vm" && exit 1; }

run "deps: all here, one line" deps_complete
run "deps: the same for an ordinary user" deps_nobody
run "deps: the line for apt" deps_apt
run "deps: the line for dnf" deps_dnf
run "deps: the line for apk" deps_apk
run "deps: the line for pacman" deps_pacman
run "deps: names what is missing and the line to type" deps_missing
run "deps: installs through sudo" deps_sudo
run "rootfs: same tree under any umask and directory" rootfs_reproducible
run "rootfs: an old tree is replaced whole" rootfs_replaced
run "rootfs: readable by everybody, writable by nobody" rootfs_modes
run "rootfs: links are relative and lead somewhere" rootfs_links
run "rootfs: an ordinary user builds the same tree" rootfs_nobody
run "rootfs: works for a uid that does not own it" rootfs_foreign_uid
run "rootfs: interrupted, it leaves the old tree" rootfs_interrupted
run "rootfs: a dynamic busybox is refused" rootfs_dynamic
run "kernel: kernel, modules and version are there" kernel_there
run "kernel: a complete one is left alone" kernel_kept
run "kernel: KERNEL= and compressed modules" kernel_given
run "kernel: what is no kernel is refused" kernel_bad
run "kernel: a module that is missing is named" kernel_missing_module
run "kernel: without a network, says how to give one" kernel_offline
run "initramfs: same bytes under any umask" initramfs_reproducible
run "initramfs: everything is root's" initramfs_owners
results
run "vm: boots, runs and ends within 3 s" vm_boots_fast
results
run "vm: output, standard error and status 7" vm_streams
run "vm: arguments as given; 137 for SIGKILL" vm_arguments
run "vm: every byte, in both directions" vm_binary
run "vm: nothing is lost on a slow reader" vm_slow_reader
run "vm: ends when its reader goes away" vm_closed_reader
run "vm: --add keeps modes and folders" vm_add
run "vm: --out arrives while the command runs" vm_out
run "vm: --timeout is 124 and keeps the output" vm_timeout
run "vm: a panic is 125 and keeps the console" vm_panic
run "vm: no boot is 125" vm_no_boot
run "vm: bad options are 125 and one line" vm_refuses
run "vm: strays and kill(-1) do not hold it up" vm_strays
run "vm: killed, it leaves no QEMU and no file" vm_killed
run "vm: cgroups, pivot_root, veth, overlay, user namespaces" vm_guest
run "vm: a shell on a terminal, with its size" vm_shell
run "vm: a shell that reads a script" vm_script
run "vm: works for an ordinary user" vm_nobody
run "vm: a KVM in which guests hang is not used" vm_hanging_kvm
run "vm: make vm CMD=..." vm_make
results
echo "1..$count"
