#!/bin/sh
# Every program of the reference under valgrind(1): no error, no leak. TAP.
# usage: check.sh BUILD
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh

if ! command -v valgrind >/dev/null; then
	skip "valgrind" "valgrind is not installed"
	done_testing
	exit
fi

# shellcheck disable=SC2317 # ok() calls it
details()
{
	cat "$work/err"
}

# ended STATUS: valgrind itself answers 99, and another status than STATUS means
# that the program did not get where it was to be looked at.
ended()
{
	[ "$status" -eq "$1" ] && ! grep -q '^==' "$work/err"
}

# clean STATUS WORD...: the words' first is a program of build/glibc
clean()
{
	expected=$1
	program=$2
	shift 2
	valgrind -q --vgdb=no --leak-check=full --error-exitcode=99 \
		--show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible \
		--suppressions=tests/valgrind/valgrind.supp \
		"$build/glibc/$program" "$@" </dev/null >"$work/out" 2>"$work/err"
	status=$?
	ok "valgrind $program $*" ended "$expected"
}

# Mount points of the container are for it to make and to remove.
mkdir "$work/root"
cp -a "$build/rootfs/." "$work/root"
echo hello >"$work/text"

clean 0 spawn -C / -e A=b -a name true
clean 127 spawn /nowhere/at/all
clean 125 spawn -e nonsense true
clean 3 reap --stats sh -c '(sleep 0.05 &); exit 3'
clean 124 supervise --grace 0.1 --timeout 0.1 sleep 5
clean 0 ipc pipeline cat "$work/text" '|' cat '|' cat
clean 0 ipc share --processes 2 --times 100 "$work/counter"
clean 0 schedule --nice 5 --cpus 0 --policy batch --io idle true
clean 0 schedule --race 0,5 --seconds 0.1
clean 125 schedule --nice 20 true
clean 0 userns --uid 5 --hostname name --ipc --drop-caps true
clean 4 pidns --bind "$work:/mnt:ro" --tmpfs /media sh -c 'exit 4'
clean 0 netns --uptime 100 true
clean 125 netns --veth 10.0.0.1/24,10.0.1.2/24 true
# Whether groups can be made here is for the program itself to say.
"$build/reference/cgroup" true 2>/dev/null
clean $? cgroup true
clean 125 cgroup --memory 12Q true
clean 6 box run "$work/root" sh -c 'exit 6'
clean 0 box run --uptime 5 --overlay --hostname name --user 7:8 --env A=b \
	--workdir /bin --cap-add net_admin --rlimit core=0 --nice 3 \
	--volume "$work:/mnt:ro" --tmpfs /tmp --stats "$work/stats" \
	"$work/root" true
clean 0 box run --no-init --read-only --timeout 20 "$work/root" true
clean 125 box run --volume /nowhere:/mnt "$work/root" true
clean 125 box exec 4194303 true
done_testing
