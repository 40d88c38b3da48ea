# vm.sh - tests of rootfs/vm.sh; sourced by test.sh
# shellcheck shell=sh disable=SC2016,SC2154,SC1003
# What is in single quotes is for another shell.

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
	# A machine that has become slower since that boot is given longer.
	for _ in 1 2 3; do
		status 124 "$vm" --timeout $limit --out "$t/file" -- \
			'echo so far; echo result >$VM_OUT; sleep 1000'
		[ ! -s "$t/out" ] || break
		limit=$((limit * 2))
	done
	is "so far" "$(cat "$t/out")"
	is result "$(cat "$t/file")"
	has "^vm.sh: timeout after $limit s: echo so far; " "$t/err"
}

# Of a pipe as of a file; who goes on writing is left alone.
vm_silence()
{
	mkfifo "$t/pipe"
	exec 4<>"$t/pipe"
	status 125 "$vm" --timeout 100 --silence 3 --out "$t/pipe" -- \
		'for i in 1 2 3 4 5; do echo $i >$VM_OUT; sleep 1; done; sleep 100'
	is "1 2 3 4 5 " "$(timeout 1 cat <&4 | tr '\n' ' ')"
	has "^vm.sh: nothing came to --out for 3 s: for i in " "$t/err"
	status 125 "$vm" --timeout 100 --silence 3 --out "$t/file" -- \
		'echo result >$VM_OUT; sleep 100'
	is result "$(cat "$t/file")"
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
	# What passes on the output may come to it when QEMU is gone.
	mkdir "$t/bin"
	printf '#!/bin/sh\nsleep 1\nexec %s "$@"\n' "$(command -v cat)" \
		>"$t/bin/cat"
	chmod +x "$t/bin/cat"
	status 125 env QEMU=false PATH="$t/bin:$PATH" timeout 60 "$vm" -- true
}

vm_refuses()
{
	for bad in "--memory 0" "--memory 1G" "--cpus x" "--timeout -1" \
		"--silence 5" "--silence x" \
		"--timeout 0" "--cpus" "--add $t" "--add /nonexistent:/x" \
		"--add /bin/ls:x" "--add /bin/ls:/../x" \
		"--add /bin/ls:/dev/x" "--add /bin/ls:" "--add /bin/ls://dev/x" \
		"--add /bin/ls:/./dev/x" "--add /bin/ls:/bin" "--frob" "--out /nonexistent/x" "--"; do
		# shellcheck disable=SC2086
		case $bad in
		--*" "*) status 125 "$vm" $bad -- true ;;
		*) status 125 "$vm" $bad ;;
		esac
		is 1 "$(wc -l <"$t/err")"
		has '^vm.sh: ' "$t/err"
	done
	status 125 env ACCEL=warp "$vm" -- true
	status 125 env BOOT_TIMEOUT=1m "$vm" -- true
	has 'BOOT_TIMEOUT 1m: not a positive number of seconds' "$t/err"
	# What goes wrong with itself is no status of the guest's.
	status 125 env TMPDIR=/nonexistent "$vm" -- true
}

vm_full()
{
	"$vm" -- 'head -c 9000 /dev/zero; exit 3' >/dev/full 2>"$t/err"
	is 125 $?
	has 'cannot pass on the output' "$t/err"
}

vm_no_input()
{
	status 0 "$vm" -- cat <&-
	is "" "$(cat "$t/out")"
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
[ "$(cat /sys/fs/cgroup/always/cpu.max)" = "50000 100000" ] && say cgroup-always
[ "$(id -u) $(hostname) $PWD $HOME" = "0 tenstages /root /root" ] && say root
cd /proc/sys/kernel && [ "$(cat softlockup_panic watchdog_thresh \
	panic_on_rcu_stall /sys/module/rcupdate/parameters/rcu_cpu_stall_timeout |
	xargs)" = "1 30 1 60" ] && say lockups
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
		cgroup-pids cgroup-limits cgroup-always root lockups lo veth \
		overlay pivot-root userns student tmpfs shared tidy signals \
		descriptors cpus memory devices; do
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
	# That nothing can be run says nothing about KVM, and is not kept.
	rm "$t/vm/accel"
	status 0 env QEMU=/nonexistent "$rootfs/vm-accel.sh" "$t/vm"
	is tcg "$(cat "$t/out")"
	[ ! -e "$t/vm/accel" ] || exit 1
	# One that QEMU cannot use is none.
	cat >"$t/unable" <<-'END'
		#!/bin/sh
		case " $* " in
		*" -accel kvm "*) exit 1 ;;
		esac
		exec "qemu-system-$(uname -m)" "$@"
	END
	chmod 755 "$t/unable"
	status 0 env QEMU="$t/unable" "$rootfs/vm-accel.sh" "$t/vm"
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

test_vm()
{
	# By itself: it measures.
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
	run "vm: --silence ends what says nothing more" vm_silence
	run "vm: a panic is 125 and keeps the console" vm_panic
	run "vm: no boot is 125" vm_no_boot
	run "vm: bad options are 125 and one line" vm_refuses
	run "vm: output that nobody can take is 125, whatever the command says" \
		vm_full
	run "vm: works without a standard input" vm_no_input
	run "vm: strays and kill(-1) do not hold it up" vm_strays
	run "vm: killed, it leaves no QEMU and no file" vm_killed
	run "vm: cgroups, pivot_root, veth, overlay, user namespaces" vm_guest
	run "vm: a shell on a terminal, with its size" vm_shell
	run "vm: a shell that reads a script" vm_script
	run "vm: works for an ordinary user" vm_nobody
	run "vm: a KVM in which guests hang is not used" vm_hanging_kvm
	run "vm: make vm CMD=..." vm_make
}
