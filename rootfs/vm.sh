#!/bin/sh
# vm.sh - boot the small VM: a root shell in it, or one command
#
# vm.sh [OPTION]... [-- CMD [ARG]...]
#   --add SRC:DEST   put the file or folder SRC into the guest as DEST
#   --memory MIB     memory of the guest (512)
#   --cpus N         processors of the guest (2, or 1 where the host has 1)
#   --timeout SECS   end it after SECS, boot included
#   --out FILE       what CMD writes to the file $VM_OUT comes to FILE at once
#   --silence SECS   end it when nothing has come to FILE for so long
#   --stdin          CMD reads our standard input (else nothing)
#
# CMD runs as root, in /root; a single argument is a line for sh -c.  Its
# output and its standard error are ours, byte for byte, and so is its exit
# status: 128+n on a signal, 124 after --timeout, 125 when vm.sh or the guest
# failed.  Without CMD: a root shell on this terminal, or one that reads its
# commands where standard input is no terminal.
#
# Environment: ACCEL=kvm|tcg (else vm-accel.sh finds out), VMDIR (build/vm),
# BOOT_TIMEOUT=SECS (60), QEMU=PROGRAM.
set -eu

# quit STATUS - the end that was meant: any other is a failure of ours, 125
quitting=
quit()
{
	quitting=1
	exit "$1"
}

fail()
{
	echo "vm.sh: $*" >&2
	quit 125
}

case ${1-} in
-h | --help)
	sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"
	exit
	;;
esac
here=$(cd "$(dirname "$0")" && pwd)
vmdir=$(cd "${VMDIR:-$here/../build/vm}" 2>/dev/null && pwd) ||
	fail "${VMDIR:-build/vm}: not found; make build/vm/initramfs.cpio"

# --- options ----------------------------------------------------------------

# number NAME VALUE - only a count will do
number()
{
	case $2 in
	'' | 0* | *[!0-9]*) fail "$1 $2: not a positive number" ;;
	esac
}

# seconds NAME VALUE - may have a fraction
seconds()
{
	case $2 in
	*[!0-9.]* | *.*.*) ;;
	*[1-9]*) return ;;
	esac
	fail "$1 $2: not a positive number of seconds"
}

umask 022
memory=512
cpus=$(nproc 2>/dev/null || echo 1)
[ "$cpus" -lt 2 ] || cpus=2
timeout='' silence='' out='' stdin=''
# The traps first: a signal that comes during mktemp waits for its end.
tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"; [ -n "$quitting" ] || exit 125' EXIT
trap 'quit 129' HUP
trap 'quit 130' INT
trap 'quit 143' TERM
tmp=$(mktemp -d "${TMPDIR:-/tmp}/vm.XXXXXX")
tmp=$(cd "$tmp" && pwd -P)
mkdir -p "$tmp/add/.vm"

while [ $# -gt 0 ]; do
	case $1 in
	--stdin) stdin=1 ;;
	--) break ;;
	--add | --memory | --cpus | --timeout | --silence | --out)
		[ $# -ge 2 ] || fail "$1: needs a value"
		case $1 in
		--add) "$here/vm-add.sh" "$tmp/add" "$vmdir/../rootfs" "$2" ||
			quit 125 ;;
		--memory) number "$1" "$2" && memory=$2 ;;
		--cpus) number "$1" "$2" && cpus=$2 ;;
		--timeout) seconds "$1" "$2" && timeout=$2 ;;
		--silence) number "$1" "$2" && silence=$2 ;;
		--out) out=$2 ;;
		esac
		shift
		;;
	*) fail "$1: no such option (a command comes after --)" ;;
	esac
	shift
done
if [ $# -gt 0 ]; then
	shift
	[ $# -gt 0 ] || fail "--: no command after it"
fi
boot_timeout=${BOOT_TIMEOUT:-60}
seconds BOOT_TIMEOUT "$boot_timeout"
[ -z "$silence" ] || [ -n "$out" ] || fail "--silence: of what? there is no --out"
what=$(printf %s "$*" | head -n 1 | cut -c 1-100)
mode="command"
if [ $# -eq 0 ] && [ -t 0 ]; then
	mode=shell what="a shell"
elif [ $# -eq 0 ]; then
	stdin=1 what="a shell" && set -- sh
fi

# --- what the guest gets ----------------------------------------------------

# /.vm/run tells init what to do, /.vm/command is a script for its sh -c.
rows=24 columns=80
if [ "$mode" = shell ]; then
	size=$(stty size 2>/dev/null) || size="24 80"
	rows=${size% *} columns=${size#* }
fi
term=$(printf %s "${TERM:-linux}" | tr -cd 'A-Za-z0-9+._-')
cat >"$tmp/add/.vm/run" <<EOF
mode=$mode rows=$rows columns=$columns term=$term stdin=$stdin out=${out:+1}
EOF
if [ $# -eq 1 ]; then
	printf '%s\n' "$1"
else
	printf exec
	for arg; do
		printf " '" && printf %s "$arg" | sed "s/'/'\\\\''/g"
		printf "'"
	done
fi >"$tmp/add/.vm/command"

# The kernel takes archives end to end.  Folders that the root filesystem
# has keep the mode they have there.
(
	rootfs=$vmdir/../rootfs
	cd "$tmp/add"
	find . ! \( -type d -exec test -d "$rootfs/{}" \; \) -print0 |
		"$here/pack.sh" 0:0
) >"$tmp/added" || fail "cannot pack the files for the guest"
[ -r "$vmdir/initramfs.cpio" ] || fail "make build/vm/initramfs.cpio first"
cat "$vmdir/initramfs.cpio" "$tmp/added" >"$tmp/initrd" ||
	fail "cannot write $tmp/initrd"
rm -rf "$tmp/add" "$tmp/added"

# --- the machine ------------------------------------------------------------

if [ -n "$out" ]; then
	{ true >"$out"; } 2>/dev/null || fail "--out $out: cannot write it"
	ln -s "$(realpath "$out")" "$tmp/file"
fi
accel=${ACCEL:-$("$here/vm-accel.sh" "$vmdir")}
kernel=$vmdir/vmlinuz
machine=$(uname -m)
case $accel-$machine in
kvm-x86_64 | kvm-aarch64) cpu=host ;;
tcg-x86_64) cpu=qemu64 ;;
tcg-aarch64) cpu=max ;;
*) fail "ACCEL=$accel on $machine: not known here" ;;
esac
case $machine in
x86_64)
	qemu=${QEMU:-qemu-system-x86_64} board=q35 console=ttyS0
	[ ! -e "$vmdir/vmlinux" ] || kernel=$vmdir/vmlinux
	;;
aarch64)
	qemu=${QEMU:-qemu-system-aarch64} board=virt,gic-version=max
	console=ttyAMA0
	;;
esac
command -v "$qemu" >/dev/null || fail "$qemu: not found; try make deps"

# cryptomgr.notests: the kernel's self-tests cost a quarter of the boot.
# no_timer_check: an emulated timer that the host's load made late is no broken
# timer, and no reason to panic.
# softlockup_panic, panic_on_rcu_stall: processors that hang for a minute will not
# come back; who waits for the guest is told, and may try again. loglevel: with
# what they were at.
set -- -accel "$accel" -M "$board" -cpu "$cpu" -m "$memory" -smp "$cpus" \
	-nodefaults -no-user-config -display none -no-reboot \
	-kernel "$kernel" -initrd initrd -append \
	"console=$console loglevel=5 panic=-1 rdinit=/.vm/init \
cryptomgr.notests no_timer_check softlockup_panic=1 watchdog_thresh=30 \
sysctl.kernel.panic_on_rcu_stall=1 rcupdate.rcu_cpu_stall_timeout=60" \
	-chardev file,id=console,path=console -serial chardev:console \
	-device virtio-serial-pci,ioeventfd=off

# port NUMBER FILE - what the guest writes to vport0pNUMBER goes to FILE.
# The port's log is written before the guest's write(2) is answered, and
# QEMU waits where a pipe is full: so nothing is lost when the guest stops.
for port in 1:out 2:err 3:events ${out:+4:file}; do
	name=${port#*:}
	set -- "$@" -chardev \
		"file,id=$name,path=/dev/null,logfile=$name,logappend=on" \
		-device "virtserialport,chardev=$name,nr=${port%:*},name=$name"
done
if [ "$mode" = shell ]; then
	set -- "$@" -chardev stdio,id=tty,signal=off \
		-device virtconsole,chardev=tty
elif [ -n "$stdin" ]; then
	set -- "$@" -chardev stdio,id=in,signal=off \
		-device virtserialport,chardev=in,nr=5,name=in
fi

# --- running it -------------------------------------------------------------

# 3: our standard input (sh takes it from background commands).  5: events,
# from the guest and from the helpers below.  6: held by this shell alone:
# however it ends, who reads 9 then sees the end.  7, 8: should QEMU fail
# before it opens these, nobody waits for it.
mkfifo "$tmp/life" "$tmp/events" "$tmp/out" "$tmp/err" "$tmp/in"
# A closed standard input is one with nothing in it.
[ -e /proc/self/fd/0 ] || exec </dev/null
exec 3<&0 5<>"$tmp/events" 6<>"$tmp/life" 7<>"$tmp/out" 8<>"$tmp/err"
exec 9<"$tmp/life"
terminal=''
[ "$mode" != shell ] || terminal=$(stty -g)

# drop - let a helper hold none of these (a redirection of the whole helper
# may leave copies behind)
drop()
{
	exec 3<&- 6>&- 7>&- 8>&-
}

# kill_in_folder FILE - kill the process whose number is in FILE, but nobody
# who has that number by now: what we start works in the folder $tmp
kill_in_folder()
{
	process=$(cat "$1" 2>/dev/null) || return 0
	if [ "$(readlink "/proc/$process/cwd")" = "$tmp" ]; then
		kill -9 "$process" 2>/dev/null || :
	fi
}

# The keeper cleans up after us, also when we are killed outright.
(
	exec >/dev/null 2>&1 5>&- 6>&- 7>&- 8>&-
	trap '' HUP INT QUIT TERM
	cat <&9
	kill_in_folder "$tmp/qemu.pid"
	kill_in_folder "$tmp/stdin.pid"
	[ -z "$terminal" ] || stty "$terminal" <&3 || :
	# Who is just ending may still write into it.
	for _ in 1 2 3 4 5 6 7 8 9; do
		rm -rf "$tmp" && break
		sleep 0.1
	done
) &
helpers=$!
# (Nobody wants to read that the shell saw one of them killed.)
# shellcheck disable=SC2086
trap 'exec 6>&- 2>/dev/null; wait $helpers || :
	[ -n "$quitting" ] || exit 125' EXIT

# clock SECS EVENT - say EVENT after SECS, unless we end before
clock()
{
	drop
	exec >/dev/null 2>&1
	timeout "$1" cat <&9 && return
	[ $? -eq 124 ] || set -- "$1" noclock
	echo "$2" >&5
}
clock "$boot_timeout" noboot &
helpers="$helpers $!"
if [ -n "$timeout" ]; then
	clock "$timeout" timeout &
	helpers="$helpers $!"
fi

# listen SECS - say "silent" when nothing has come to --out for SECS. (A pipe has
# a time of its last change, too. One that the machine slept through is none.)
listen()
{
	drop
	exec >/dev/null 2>&1
	quiet=0 last=''
	while [ $quiet -lt "$1" ]; do
		timeout 1 cat <&9 && return
		quiet=$((quiet + 1))
		changed=$(stat -L -c %y "$tmp/file")
		[ "$changed" = "$last" ] || quiet=0
		last=$changed
	done
	echo silent >&5
}

# relay - pass on the guest's output, 4; say so when nobody takes it
relay()
{
	drop
	exec 9<&-
	cat <&4 && return
	taken=$?
	echo "broken $taken" >&5
	return $taken
}
# Opened by us: a relay that comes to it when QEMU has ended, and we have closed 7
# and 8, would wait for somebody to write.
exec 4<"$tmp/out"
relay &
relays=$!
exec 4<"$tmp/err"
{ exec >&2 && relay; } &
relays="$relays $!"
exec 4<&-

if [ -n "$stdin" ]; then
	{ exec <&3 && drop && cd "$tmp" && exec cat >in 5>&- 9<&-; } &
	echo $! >"$tmp/stdin.pid"
	helpers="$helpers $!"
fi
# The guest's terminal does this; QEMU makes the rest of ours raw.
[ -z "$terminal" ] || stty -onlcr
(
	trap '' HUP INT QUIT TERM
	cd "$tmp"
	[ -z "$terminal" ] || exec <&3
	[ -n "$terminal" ] || exec >/dev/null
	[ -z "$stdin" ] || exec <in
	drop
	exec 9<&-
	exec 2>qemu.err
	# shellcheck disable=SC2016
	sh -c 'echo $$ >qemu.pid && exec "$@" 5>&-' - "$qemu" "$@" || :
	mv qemu.pid ended
	echo gone >&5
) &
helpers="$helpers $!"

# end WHY - end the guest before its time
end()
{
	[ -n "$why" ] || why=$1
	until [ -s "$tmp/qemu.pid" ] || [ -e "$tmp/ended" ]; do
		sleep 0.05
	done
	kill_in_folder "$tmp/qemu.pid"
}
up='' why='' status='' broken=''
while :; do
	read -r event value <&5 || continue
	case $event in
	up)
		up=1
		[ -z "$silence" ] || {
			listen "$silence" &
			helpers="$helpers $!"
		}
		;;
	exit) status=$value ;;
	noboot) [ -n "$up" ] || end "no boot within $boot_timeout s" ;;
	timeout) end "timeout after $timeout s" ;;
	noclock) end "timeout(1) has failed" ;;
	silent) end "nothing came to --out for $silence s" ;;
	broken) broken=$value && end "cannot pass on the output" ;;
	gone) break ;;
	esac
done
exec 7>&- 8>&-
for relay in $relays; do
	wait "$relay" || broken=$?
done

case $status in
'' | *[!0-9]*) ;;
*)
	case $broken in
	'' | 141) quit "$status" ;;
	*) fail "cannot pass on the output: $what" ;;
	esac
	;;
esac
# Our reader went away: end as a command in its place would have.
[ "$broken" != 141 ] || quit 141

# --- it failed --------------------------------------------------------------

if [ -z "$why" ] && [ -s "$tmp/qemu.err" ] && [ ! -s "$tmp/console" ]; then
	why="$(head -n 1 "$tmp/qemu.err") ($accel)"
elif [ -z "$why" ] && [ -z "$up" ]; then
	why="the guest did not boot ($accel)"
elif [ -z "$why" ]; then
	why="the guest died"
fi
echo "vm.sh: $why: $what" >&2
if [ -s "$tmp/console" ]; then
	tr -d '\r' <"$tmp/console" >"$tmp/lines" || :
	# What says most; a dump of registers comes after it.
	grep -E 'Kernel panic|BUG: |init: |pid1: ' "$tmp/lines" >"$tmp/cause" ||
		cp "$tmp/lines" "$tmp/cause" || :
	tail -n 5 "$tmp/cause" | sed 's/^/vm.sh: console: /' >&2
	if mv "$tmp/console" "$vmdir/console.log" 2>/dev/null; then
		echo "vm.sh: the console is kept in $vmdir/console.log" >&2
	fi
fi
case $why in
"timeout after"*) quit 124 ;;
esac
quit 125
