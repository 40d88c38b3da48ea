#!/bin/sh
# demo.sh BUILD - a short tour: what a container is, shown on ones that run
#
# BUILD holds reference/box, rootfs/, vm/ and tests/. Every figure that is
# shown is measured in this run. Nothing is left behind. Exit status 0 when
# all that was shown worked; one line on standard error says what did not.
set -u

fail()
{
	printf '%sdemo: %s\n' "$plain" "$*" >&2
	exit 1
}

# --- how it looks -----------------------------------------------------------

plain='' bold='' dim='' green=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	escape=$(printf '\033')
	plain="${escape}[0m" bold="${escape}[1m" dim="${escape}[2m"
	green="${escape}[32m"
fi

chapter()
{
	printf '\n%s%s%s\n\n' "$bold" "$*" "$plain"
}

say()
{
	printf '  %s\n' "$@"
}

# prompt WORD... - what is run next, as one would type it
prompt()
{
	printf '\n    %s$ %s%s\n' "$green" "$*" "$plain"
}

# What a program printed; no line longer than the screen is wide.
indent()
{
	cut -c 1-74 | sed 's/^/    /'
}

# --- what is needed ---------------------------------------------------------

if [ $# -ne 1 ]; then
	echo "usage: demo.sh BUILD" >&2
	exit 2
fi
build=$(cd "$1" && pwd) || fail "$1: not found"
kit=$(cd "$(dirname "$0")/../.." && pwd)
box=$build/reference/box
root=$build/rootfs
measure=$build/tests/measure
for file in "$box" "$root/bin/busybox" "$measure" "$build/tests/doctor"; do
	[ -x "$file" ] || fail "$file: not built"
done
# Shorter to read in a list of processes, where it can be.
near=${box#"$PWD"/}
case $near in
*/*) ;;
*) near=./$near ;;
esac

tmp=$(mktemp -d "${TMPDIR:-/tmp}/demo.XXXXXX") || exit 1
running='' machine=''
# shellcheck disable=SC2317,SC2329 # the trap calls it
clean_up()
{
	if [ -n "$running" ]; then
		kill "$running" 2>/dev/null
		wait "$running" 2>/dev/null
	fi
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# first_child PID
first_child()
{
	read -r child rest <"/proc/$1/task/$1/children" || [ -n "$child" ] ||
		return 1
	echo "$child"
}

# field NAME PID - a line of /proc/PID/status, without its name
field()
{
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$2/status" | tr '\t' ' '
}

# --- 1 ----------------------------------------------------------------------

name=lighthouse
chapter "1  A container starts"
say "One command, no daemon: box is one static program, of" \
	"$(($(wc -c <"$box") / 1024)) KB. It gives busybox a world of its own, whose name" \
	"and clock are for us to choose."
prompt "box run --hostname $name --uptime 31536000 --overlay rootfs sh"
# A copy of our own: an overlay copies what it changes, with its owner, and
# who built the root file system may be somebody whom the container knows not.
mine=$tmp/rootfs
cp -RP "$root" "$mine" || exit 1
mkfifo "$tmp/up" || exit 1
"$near" run --hostname "$name" --uptime 31536000 --overlay "$mine" \
	sh -c 'echo up; exec sleep 600' >"$tmp/up" </dev/null &
running=$!
if ! read -r up <"$tmp/up" || [ "$up" != up ]; then
	fail "box does not start"
fi
if ! init=$(first_child "$running") || ! command=$(first_child "$init"); then
	fail "the processes of box cannot be found"
fi

# inside COMMAND - one more command in that container, shown as it is typed
inside()
{
	printf '    %s%s:/# %s%s\n' "$green" "$name" "$1" "$plain"
	case $1 in
	*[\|\;\&\>]*)
		set -- "$1" sh -c "$1"
		;;
	*)
		# A shell of its own would be one more process to see.
		# shellcheck disable=SC2086 # words, no pattern among them
		set -- "$1" $1
		;;
	esac
	what=$1
	shift
	"$box" exec "$running" "$@" >"$tmp/out" 2>&1 </dev/null ||
		fail "inside the container: $what: $(tail -n 1 "$tmp/out")"
	indent <"$tmp/out"
}

# refused COMMAND - the same, and it has to fail
refused()
{
	printf '    %s%s:/# %s%s\n' "$green" "$name" "$1" "$plain"
	if "$box" exec "$running" sh -c "$1" >"$tmp/out" 2>&1 </dev/null; then
		fail "inside the container: $1: is allowed"
	fi
	indent <"$tmp/out"
}

chapter "2  Inside: everything is its own"
inside id
inside hostname
inside 'ps -o pid,user,args'
inside 'ip -o -4 addr show | cut -d" " -f 2-7'
inside 'cut -d" " -f 2,3 /proc/mounts | grep -v devtmpfs | head -n 6'
inside uptime
echo
say "It has been up for a year, sees three processes, and is root. But root" \
	"of what? Not even the name of its own world may it change, now that it" \
	"has been given one:"
echo
refused 'hostname rock'
echo
say "And what it does away with, it does away with for itself alone:"
echo
inside 'rm /etc/passwd'
refused 'cat /etc/passwd'
[ -f "$mine/etc/passwd" ] || fail "$mine/etc: the overlay did not keep it"
printf '    %s$ ls rootfs/etc%s\n' "$green" "$plain"
(cd "$mine/etc" && echo *) | indent
echo
say "An overlay takes the changes, and forgets them in the end."

# --- 2 ----------------------------------------------------------------------

chapter "3  Outside: only a process"
say "All that is a process of this machine, like any other. Its user and its" \
	"number depend on who asks:"
prompt "grep -E '^(Name|Uid|NSpid)' /proc/$command/status"
grep -E '^(Name|Uid|NSpid)' "/proc/$command/status" | expand | indent
seen_as=$(field NSpid "$command")
inner=${seen_as#"$command "}
case $inner in
'' | *[!0-9]*) fail "NSpid: $seen_as: not two numbers" ;;
esac
echo
say "Process $command here is process $inner in there: one process, two names. What" \
	"makes the difference is that it looks at other namespaces than we do:"
echo
printf '    %s%-10s %-14s %s%s\n' "$dim" namespace ours its "$plain"
differ=0
for type in user mnt pid net uts ipc time cgroup; do
	ours=$(readlink "/proc/self/ns/$type")
	its=$(readlink "/proc/$command/ns/$type") ||
		fail "/proc/$command/ns/$type: cannot be read"
	[ "$ours" = "$its" ] || differ=$((differ + 1))
	printf '    %-10s %-14s %s\n' "$type" "$(echo "$ours" | tr -dc 0-9)" \
		"$(echo "$its" | tr -dc 0-9)"
done
[ $differ -eq 8 ] || fail "only $differ of 8 namespaces are its own"
echo
say "Eight of eight differ. That is all a container is: a process, and what" \
	"it gets to see. (Try lsns -p PID on a container of yours.)"

box_pid=$running
kill "$box_pid"
wait "$box_pid"
status=$?
running=''
[ $status -eq 143 ] || fail "box ended with status $status instead of 143"
[ ! -e "/proc/$command" ] || fail "process $command is left behind"
! grep -F "$tmp" /proc/self/mountinfo || fail "a mount is left behind"
[ -z "$(find /sys/fs/cgroup -name "box.$box_pid.*" 2>/dev/null)" ] ||
	fail "a cgroup is left behind"
echo
say "Now it has been ended: no process, no mount and no cgroup is left."

# --- 3 ----------------------------------------------------------------------

# What is measured in chapter 5: it says hello, what it sees, and waits.
# shellcheck disable=SC2016 # another shell expands it
hello='echo; set -- /proc/[0-9]*; r=$(uname -r); echo $# ${r%%-*}'

# boot COMMAND [OPTION]... - the VM says hello and then runs COMMAND
boot()
{
	then=$1
	shift
	machine=$(VMDIR=$build/vm "$measure" --largest sh "$kit/rootfs/vm.sh" \
		--stdin "$@" -- "$hello; $then; exec cat") ||
		fail "the VM does not run"
}

# What the three containers run, and what runs them: here, or in the VM.
# $1 is box, $2 the root file system, $3 a directory for files.
# shellcheck disable=SC2016 # another shell expands it
crowd='for i in $(seq 20); do sleep 9 & done'
hog='dd if=/dev/zero of=/dev/null bs=64M count=1'
spin='while :; do :; done'
# shellcheck disable=SC2016
limits='
box=$1 root=$2 dir=$3
try() {
	what=$1 command=$2
	shift 2
	"$box" run --stats "$dir/stats" "$@" "$root" sh -c "$command" \
		>"$dir/said" 2>&1
	echo "$what exit $?"
	sed "s/^/$what /" "$dir/stats"
	echo "$what said $(tail -n 1 "$dir/said")"
}
'"try pids '$crowd' --pids 10
try memory '$hog' --memory 16M
try cpu '$spin' --cpu 25 --timeout 1 --grace 0"

chapter "4  Limits: not only what it sees, but what it gets"
"$build/tests/doctor" --kit "$kit" --build "$build" --limits >"$tmp/where"
case $? in
0)
	say "Control groups divide a machine. Three containers try for more than" \
		"they were given:"
	sh -c "$limits" demo "$box" "$root" "$tmp" >"$tmp/limits" ||
		fail "the limits cannot be shown"
	;;
1)
	say "Control groups divide a machine. Those of this one are not ours to use," \
		"so a small VM is booted for it. Three containers try for more than they" \
		"were given:"
	# The guest's own busybox is copied, for a root with nothing else.
	# shellcheck disable=SC2016
	boot "{ root=/tmp/root
		mkdir -p \$root/dev \$root/proc \$root/sys
		cp -a /bin \$root
		set -- /kit/box \$root /tmp; $limits; } >\$VM_OUT" \
		--out "$tmp/limits" --add "$box:/kit/box"
	;;
*)
	fail "$(cat "$tmp/where"); make doctor says more"
	;;
esac

# seen CONTAINER KEY - what was seen of it
seen()
{
	sed -n "s/^$1 $2 //p" "$tmp/limits"
}

# percent_of_cpu CONTAINER
percent_of_cpu()
{
	awk -v name="$1" '$1 == name { value[$2] = $3 }
		END {
			used = value["user_usec"] + value["system_usec"]
			printf "%.0f", 100 * used / value["wall_usec"]
		}' "$tmp/limits"
}
[ "$(seen pids pids_max)" -gt 0 ] || fail "--pids 10 did not hold"
prompt "box run --pids 10 rootfs sh -c '$crowd'"
seen pids said | indent
[ "$(seen memory cause)" = oom ] || fail "--memory 16M did not hold"
prompt "box run --memory 16M rootfs $hog"
echo "killed at $(($(seen memory memory_peak) / 1048576)) MB," \
	"exit status $(seen memory exit)" | indent
percent=$(percent_of_cpu cpu)
[ "$percent" -lt 40 ] || fail "--cpu 25 did not hold: $percent percent"
prompt "box run --cpu 25 --timeout 1 rootfs sh -c '$spin'"
echo "used $percent percent of a CPU," \
	"ended after $(awk -v usec="$(seen cpu wall_usec)" \
		'BEGIN { printf "%.1f s", usec / 1e6 }')" | indent

# --- 4 ----------------------------------------------------------------------

chapter "5  Process, container or VM?"
say "The same busybox says hello three times: as a process, in a container," \
	"in a virtual machine. Measured in this run:"
process=$("$measure" --runs 15 "$root/bin/busybox" sh -c "$hello; exec cat") ||
	fail "the process cannot be measured"
container=$("$measure" --runs 15 "$box" run "$root" sh -c "$hello; exec cat") ||
	fail "the container cannot be measured"
[ -n "$machine" ] || boot :
accel=emulated
[ "$("$kit/rootfs/vm-accel.sh" "$build/vm")" != kvm ] || accel=KVM

# row NAME MILLISECONDS KIB PROCESSES KERNEL
row()
{
	awk -v name="$1" -v ms="$2" -v kib="$3" -v sees="$4" -v kernel="$5" \
		'BEGIN {
			memory = sprintf("%d KB", kib)
			if (kib >= 1024)
				memory = sprintf("%.1f MB", kib / 1024)
			time = sprintf("%.1f ms", ms)
			if (ms >= 1000)
				time = sprintf("%.2f s", ms / 1000)
			printf "    %-14s %10s %10s %11s   Linux %s\n", name,
				time, memory, sees, kernel
		}'
}
echo
printf '    %s%-14s %10s %10s %11s   %s%s\n' "$dim" '' "starts in" memory \
	processes kernel "$plain"
# shellcheck disable=SC2086 # words
{
	row process $process
	row container $container
	row "VM, $accel" $machine
}
times=$(awk -v a="${container%% *}" -v b="${process%% *}" \
	'BEGIN { printf "%.0f", a / b }')
echo
say "Memory is what is resident when it says hello; processes, how many it" \
	"sees. A container takes $times times as long as a process to start, and has" \
	"all of the above made for it. A VM boots a kernel first."

chapter "How it is done"
say "In ten stages, each a small C program that you write yourself. They end" \
	"in box, the very program that made all this. The first waits in" \
	"stages/01-fork-exec."
