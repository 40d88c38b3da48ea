#!/bin/sh
# test-gradebook.sh BUILD - what make gradebook makes of a class; TAP
#
# Most of the class here hands in what is soon judged: nothing, or what does not
# compile. What is told of a machine reached by ssh, and of Slurm, is tried with
# an sshd and a Slurm of our own, where their packages are installed.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
work=$(mktemp -d) || exit 1
work=$(cd "$work" && pwd -P)
daemons=
run_sshd=
PATH=$PATH:/usr/sbin:/sbin
unset STAGE SUBMISSION CLASS OUT SEED JOBS HOSTS KIT SLURM ROSTER COLLECTED \
	JUDGE_IN PARALLEL PARALLEL_SSH SLURM_CONF MAKEFLAGS MAKELEVEL MFLAGS

# shellcheck disable=SC2317 # the trap calls it
finish()
{
	for pid in $daemons; do
		kill "$pid" && wait "$pid"
	done 2>/dev/null
	[ -z "$run_sshd" ] || rmdir "$run_sshd"
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# book NAME [VARIABLE=VALUE]...: of the class work/NAME
book()
{
	name=$1
	shift
	make -s --no-print-directory gradebook B="$build" \
		CLASS="$work/$name" "$@" >"$work/out" 2>&1 </dev/null
	status=$?
	out=$work/$name.grades
}

# says_so TEXT [STATUS]: a line has TEXT, and that was the status
says_so()
{
	[ "$status" -eq "${2:-$status}" ] && grep -qF -- "$1" "$work/out"
}

# log_lines: how many gradings there have been in all
log_lines()
{
	sed 1d "$out/joblog" | wc -l
}

# table FILTER [NAME]: it is true of gradebook.csv, a list of dictionaries `rows`
table()
{
	python3 - "$out/${2:-gradebook.csv}" "$1" <<-'END'
		import csv, sys
		rows = list(csv.DictReader(open(sys.argv[1], newline="")))
		assert eval("(" + sys.argv[2] + ")"), rows
	END
}

# until_there FILE: within a minute
until_there()
{
	tries=0
	until [ -e "$1" ] || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ -e "$1" ]
}

# waiting for what a machine without limits would need the VM for
"$build/tests/doctor" --build "$build" --can 01-fork-exec >/dev/null &&
	export JUDGE_IN=here
stage=01-fork-exec
answer=solutions/$stage/spawn.c
if ! parallel --version 2>/dev/null | grep -q '^GNU parallel'; then
	skip "a class" "no GNU parallel here: package parallel"
	done_testing
	exit
fi

# Whom it takes, and by which names.
# shellcheck disable=SC2016 # it is to stay as it is
odd='-rf "$(touch x)'\'' {} {1} <img src=x onerror=alert(1)> \ &amp; ü'
for name in right starter missing broken "$odd" "=1+1"; do
	mkdir -p "$work/class/$name"
done
cp "$answer" "$work/class/right"
cp "$answer" "$work/class/starter"
awk -f tests/tools/starter.awk "$answer" >"$work/class/starter/spawn.c"
echo '#error "<script>alert(1)</script>"' >"$work/class/broken/spawn.c"
: >"$work/class/upload.zip"
ln -s right "$work/class/link"
printf 'Name,ID,E-Mail\n"Right, ""A.""",right,right@example.org\n@x,missing,\n' \
	>"$work/class/roster.csv"
book class STAGE=1
ok "a class is graded" [ "$status" -eq 0 ]
ok "what is no student's folder is named" says_so "link, upload.zip"
ok "everybody has points, whatever the name" table "{r['student']:
	(r['total'], r['status']) for r in rows} == {'right': ('10', 'graded'),
	'starter': ('0', 'graded'), 'missing': ('0', 'graded'),
	'broken': ('0', 'graded'), \"'=1+1\": ('0', 'graded'),
	''''$odd''': ('0', 'graded')}"
ok "the total is the sum of the stages" table "all(int(r['total']) ==
	sum(int(v) for k, v in r.items() if k[:2].isdigit()) and r['max'] == '10'
	for r in rows)"
ok "the roster gives names, and no formula" table "[(r['name'], r['email'])
	for r in rows if r['student'] in ('right', 'missing')] == [(\"'@x\", ''),
	('Right, \"A.\"', 'right@example.org')]"
# shellcheck disable=SC2016 # jq's own
ok "class.json has who is graded, and their results" jq -e --arg odd "$odd" '
	map(.id) == (["right", "starter", "missing", "broken", "=1+1", $odd]
		| sort) and all(.[]; .results.schema == "ten-stages/1") and
	(.[] | select(.id == "right") | .name == "Right, \"A.\"" and
		.email == "right@example.org")' "$out/class.json"
ok "Canvas is given the points" table "len(rows) == 7 and
	any(r['SIS Login ID'] == 'right' and '10' in r.values() for r in rows)" \
	canvas.csv
ok "and so is Moodle" table "len(rows) == 6 and
	any('right' in r.values() and '10' in r.values() for r in rows)" moodle.csv
ok "each has results, and what the compiler said" \
	grep -q 'alert' "$out/broken/build.log"

# The page.
page=$out/gradebook.html
ok "the page has everybody" [ "$(grep -c '<section class=student' "$page")" = 6 ]
no_markup()
{
	! grep -nE '<img|<script|src=[^x]|https?:|@import|url\(' "$page"
}
ok "what a student wrote is text, and nothing is fetched" no_markup

# browse: what Chromium makes of the class and of a student, as on a phone: how
# wide it is, how many cells the map has, how many students are to be seen, and
# whether the class is; then what it complains of
browse()
{
	cat >"$work/frames.html" <<-END
		<!DOCTYPE html><pre></pre>
		<iframe width=375 height=700 src="file://$page"></iframe>
		<iframe width=375 height=700 src="file://$page#s0"></iframe>
		<script>
		onload = () => {
			for (const frame of document.querySelectorAll("iframe")) {
				const page = frame.contentDocument;
				document.querySelector("pre").textContent += "\nFOUND " +
					page.documentElement.scrollWidth + " " +
					page.querySelectorAll(".map tbody td").length + " " +
					page.querySelectorAll(".student:target").length +
					" " + (page.getElementById("class").offsetHeight > 0);
			}
		};
		</script>
	END
	HOME=$work timeout 120 "$chromium" --headless --no-sandbox \
		--disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update \
		--disable-sync --hide-scrollbars --allow-file-access-from-files \
		--user-data-dir="$work/profile" --enable-logging=stderr --v=0 \
		--dump-dom "file://$work/frames.html" 2>"$work/log" >"$work/dom"
	grep -o 'FOUND [0-9][0-9a-z ]*' "$work/dom"
	grep CONSOLE "$work/log" | grep -v 'source: chrome:'
}
browser="a browser shows the class, or one student, on a phone"
if chromium=$(command -v chromium || command -v chromium-browser); then
	cells=$((6 * ($("$build/tests/gates/$stage" --list | wc -l) + 1)))
	ok "$browser" [ "$(browse)" = "FOUND 375 $cells 0 true
FOUND 375 $cells 1 false" ]
else
	skip "$browser" "no chromium here: package chromium"
fi

# What is graded again.
stat -c '%n %i' "$out"/*/results.json >"$work/before"
touch "$work"/class/*/spawn.c
book class STAGE=1
same()
{
	[ "$status" -eq 0 ] && stat -c '%n %i' "$out"/*/results.json |
		diff "$work/before" -
}
ok "nothing has changed: nothing is graded" same
echo '/* another */' >>"$work/class/broken/spawn.c"
echo 'of no use' >"$work/class/missing/notes.txt"
book class STAGE=1
only_broken()
{
	[ "$status" -eq 0 ] && stat -c '%n %i' "$out"/*/results.json |
		diff "$work/before" - | grep '^>' | grep -v broken
	[ $? -eq 1 ] && [ "$(log_lines)" = 7 ]
}
ok "who has changed a file is graded again, and nobody else" only_broken
# The last stage takes the files of all of them.
mkdir -p "$work/idle/nobody"
book idle STAGE=10
book idle
ok "the same files are graded again for another stage" table "[r['max']
	for r in rows] == ['100']"

# A kit whose grader can be told to fail, or to hang; what it judges with is
# ours. Whoever hands in "stop" is meant.
kit=$work/kit
mkdir "$kit" "$kit/tests"
cp -R rootfs solutions stages "$kit"
for part in doctor grade gradebook export gates harness probe drivers judge.sh \
	look.css tests.mk tools.mk; do
	cp -R "tests/$part" "$kit/tests"
done
cp Makefile "$kit"
mkdir "$kit/build" "$kit/build/grade"
ln -s "$build"/* "$kit/build" 2>/dev/null
ln -s "$build"/grade/* "$kit/build/grade"
# stamp: what make grader says of what it has built
stamp()
{
	rm -f "$kit/build/grade/kit"
	sh "$kit/tests/grade/kit.sh" "$kit/build" >"$kit/build/grade/kit"
}
mv "$kit/tests/grade/grade.sh" "$kit/tests/grade/graded.sh"
cat >"$kit/tests/grade/grade.sh" <<-END
	if grep -qs stop "\$2/$stage/spawn.c"; then
		if [ -e "$work/fail" ]; then
			sh "\${0%/*}/graded.sh" "\$@"
			echo "the judge is ill" >&2
			exit 1
		fi
		[ ! -e "$work/hang" ] || { : >"$work/hangs"; sleep 600; }
	fi
	exec sh "\${0%/*}/graded.sh" "\$@"
END
stamp
# shellcheck disable=SC2016 # make's own
make -s --no-print-directory --eval \
	'grader-words: ; @printf "%s\n" $(GRADER)' grader-words >"$work/words"
while IFS= read -r word; do
	export "${word?}"
done <"$work/words"

# kit_book CLASS STAGE: by that kit
kit_book()
{
	out=$work/$1.grades
	sh "$kit/tests/gradebook/gradebook.sh" "$kit/build" "$work/$1" "" "$2" \
		>"$work/out" 2>&1 </dev/null
	status=$?
}

mkdir -p "$work/few/a" "$work/few/b"
echo '#error stop' >"$work/few/b/spawn.c"
: >"$work/fail"
kit_book few $stage
ok "a grading that fails is told of" says_so "b: incomplete: the judge is ill" 1
ok "and costs nobody else theirs" table "[r['status'] for r in rows] ==
	['graded', 'incomplete']"
ok "who is not graded in full is in no import" jq -e \
	'map(.id) == ["a"]' "$out/class.json"
rm "$work/fail"
kit_book few $stage
ok "the next time it is tried again, and nothing else" \
	[ "$status $(log_lines)" = "0 3" ]
kit_book few 02-wait-zombies
ok "another stage is another grading" [ "$status $(log_lines)" = "0 5" ]
echo >>"$kit/tests/gates/$stage.c"
stamp
kit_book few 02-wait-zombies
ok "so is another kit" [ "$status $(log_lines)" = "0 7" ]
echo >>"$kit/stages/$stage/spawn.c"
stamp
kit_book few 02-wait-zombies
ok "but not what somebody edits in it" [ "$status $(log_lines)" = "0 7" ]

# interrupt SIGNAL [-]: while b hangs; "-": to all of its process group, as a
# terminal does it
interrupt()
{
	rm -rf "$work/few.grades" "$work/hangs"
	: >"$work/hang"
	mkdir -p "$work/tmp"
	# With signals as a terminal's shell gives them.
	# shellcheck disable=SC2016 # Perl's own
	TMPDIR=$work/tmp TEN_STAGES_CLASS=$$ JOBS=2 setsid perl -e '
		$SIG{$_} = "DEFAULT" for "INT", "QUIT"; exec @ARGV' \
		sh "$kit/tests/gradebook/gradebook.sh" "$kit/build" "$work/few" "" \
		$stage >"$work/out" 2>&1 </dev/null &
	group=$!
	until_there "$work/hangs" && until_there "$work/few.grades/a/graded"
	kill "-$1" "${2-}$group"
	wait "$group"
	status=$?
	out=$work/few.grades
	rm "$work/hang"
}
nothing_left()
{
	# -q: one that has been found counts, whatever ends meanwhile.
	! grep -qsz "^TEN_STAGES_CLASS=$$\$" /proc/[0-9]*/environ &&
		[ -z "$(ls -A "$work/tmp")" ] &&
		[ -z "$(find "$out" -maxdepth 1 -name '.run*')" ]
}
interrupt INT -
ok "interrupted, it says so" says_so "interrupted, with 1 graded" 130
ok "it leaves no process and no file" nothing_left
kit_book few $stage
ok "and goes on where it was" says_so "1 of 2 to be graded" 0
# What one that was killed has left, and a grading of its own goes on with.
mkdir -p "$work/few.grades/.run.old/1/out" "$work/few.grades/.run.old/2"
echo a >"$work/few.grades/.run.old/1/name"
echo 0 >"$work/few.grades/.run.old/1/out/status"
echo a >"$work/few.grades/.run.old/2/name"
kit_book few $stage
ok "what another one has left without results counts for nobody" says_so \
	"1 of 2 to be graded" 0
ok "nor is anything of it left" nothing_left
interrupt TERM
ok "the same when it is told to end" says_so "interrupted, with 1 graded" 143
ok "nothing is left then either" nothing_left

# What cannot be.
mkdir "$work/few/$(printf 'a\nb')" "$work/few/$(printf '\377')" \
	"$work/few/joblog" "$work/few/roster.csv" \
	"$work/few/$(printf 'b\342\200\256a')"
kit_book few $stage
ok "a name of two lines is refused in one" says_so \
	"refused: a?b: a control character" 1
ok "one that is not UTF-8 too" says_so "refused: ?: its name is not UTF-8"
ok "and one that we take ourselves" says_so "refused: joblog: a file"
ok "the roster's too" says_so "refused: roster.csv: a file"
ok "and one that is not read as it is written" says_so \
	"refused: b???a: a control character" 1
mkdir -p "$work/taken/README" "$work/taken.grades"
: >"$work/taken.grades/README"
: >"$work/taken.grades/canvas.csv"
book taken STAGE=1
ok "nor can one be that OUT has a file of" says_so \
	"refused: README: OUT has a file" 2
ok "where nobody is graded nobody has a row" [ "$(wc -l \
	<"$out/gradebook.csv")" -eq 1 ]
ok "nor are the points of before left" [ ! -e "$out/canvas.csv" ]
# shellcheck disable=SC2016 # it is to stay as it is
mkdir -p "$work/paid \$(touch x)/a"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1
ok "the name of a class is nothing to be run" says_so "0 not graded" 0
: >"$out/a/results.json"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1
ok "results that are none any more are made again" says_so \
	"1 of 1 to be graded" 0
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1 ROSTER=/nosuch.csv
ok "a roster that is not there" says_so "ROSTER: cannot read /nosuch.csv" 2
printf 'login\tname\na\tb\n' >"$work/list.csv"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1 ROSTER="$work/list.csv"
ok "one without ids" says_so "$work/list.csv: the roster has no column id" 2
printf 'id, name\n a, A. Student\n' >"$work/list.csv"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1 ROSTER="$work/list.csv"
ok "one with blanks" table "rows[0]['name'] == 'A. Student'"
mkdir "$work/none" "$work/none/..dots"
: >"$work/none/upload.zip"
book none
ok "a folder that begins with dots is told of" says_so "..dots"
ok "a class without a folder" says_so "there is no student's folder in it" 2
book class STAGE=11
ok "no such stage" says_so "no such stage" 2
book class OUT="$work/class/grades"
ok "OUT in CLASS" says_so "OUT must not be in CLASS" 2
ok "makes nothing there" [ ! -e "$work/class/grades" ]
make -s gradebook B="$build" >"$work/out" 2>&1 </dev/null
status=$?
ok "no class" says_so "CLASS=DIR is needed" 2

# The same by ssh, here, to an sshd of our own.
start_sshd()
{
	mkdir "$work/ssh" && cd "$work/ssh" || return 1
	ssh-keygen -q -t ed25519 -N '' -f host &&
		ssh-keygen -q -t ed25519 -N '' -f user || return 1
	# Debian's sshd wants it of root.
	[ "$(id -u)" -ne 0 ] || [ -e /run/sshd ] ||
		{ mkdir /run/sshd && run_sshd=/run/sshd; }
	for port in 20$$ 30$$ 40$$ 50$$; do
		port=$((port % 40000 + 20000))
		# SHLVL: what somebody's shell does at a login is no part of this.
		cat >sshd_config <<-END
			ListenAddress 127.0.0.1
			Port $port
			HostKey $PWD/host
			AuthorizedKeysFile $PWD/user.pub
			PidFile none
			StrictModes no
			UsePAM no
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			SetEnv SHLVL=2
		END
		cat >config <<-END
			Host *
				HostName 127.0.0.1
				Port $port
				IdentityFile $PWD/user
				IdentitiesOnly yes
				UserKnownHostsFile $PWD/known
				StrictHostKeyChecking accept-new
				LogLevel ERROR
				BatchMode yes
			Host there
				ControlPath $PWD/master
		END
		"$(command -v sshd)" -D -e -f "$PWD/sshd_config" 2>log &
		pid=$!
		tries=0
		while kill -0 $pid 2>/dev/null && [ $tries -lt 50 ]; do
			# One connection for all: they take long to make.
			if ssh -F config -fNM there >/dev/null 2>&1; then
				daemons="$daemons $pid"
				return 0
			fi
			sleep 0.1
			tries=$((tries + 1))
		done
		kill $pid 2>/dev/null
	done
	return 1
}

mkdir -p "$work/far/$odd" "$work/far/broken"
cp "$work/class/broken/spawn.c" "$work/far/broken"
machines="another machine by ssh grades"
if ! command -v sshd >/dev/null; then
	skip "$machines" "no sshd here: package openssh-server"
elif ! command -v rsync >/dev/null; then
	skip "$machines" "no rsync here: package rsync"
elif here=$PWD && ! start_sshd; then
	cd "$here" || exit 1
	skip "$machines" "sshd does not start: $(tail -n 1 "$work/ssh/log")"
else
	cd "$here" || exit 1
	export PARALLEL_SSH="ssh -F $work/ssh/config"
	find ~/.parallel >"$work/home" 2>&1
	book far STAGE=1 HOSTS=1/there
	ok "$machines" table "[r['status'] for r in rows] == ['graded'] * 2"
	ok "it is that one that did" \
		[ "$(sed 1d "$out/joblog" | cut -f2 | sort -u)" = there ]
	ok "what the compiler said comes back" grep -q alert \
		"$out/broken/build.log"
	find ~/.parallel 2>&1 | diff "$work/home" - >"$work/diff"
	ok "nothing stays there" [ ! -s "$work/diff" ]
	echo >>"$work/far/broken/spawn.c"
	book far STAGE=1 HOSTS=1/there KIT="$kit"
	ok "a machine with another kit grades nobody" says_so \
		"broken: the kit in $kit of" 2
	mkdir -p "$work/far/other"
	book far STAGE=1 HOSTS=1/down,1/:
	ok "this one takes over from one that is not there" \
		table "[r['status'] for r in rows] == ['graded'] * 3"
	unset PARALLEL_SSH
	ssh -F "$work/ssh/config" -O exit there 2>/dev/null
fi

# The same by Slurm, of one machine.
start_slurm()
{
	mkdir -p "$work/slurm/state" "$work/slurm/spool" && cd "$work/slurm" ||
		return 1
	head -c 1024 /dev/urandom >key && chmod 400 key
	cat >slurm.conf <<-END
		ClusterName=class
		SlurmctldHost=$(uname -n)(127.0.0.1)
		SlurmUser=$(id -un)
		SlurmdUser=$(id -un)
		AuthType=auth/munge
		AuthInfo=socket=$PWD/munge
		CredType=cred/munge
		SlurmctldPort=$(($$ % 20000 + 20001))
		SlurmdPort=$(($$ % 20000 + 40001))
		StateSaveLocation=$PWD/state
		SlurmdSpoolDir=$PWD/spool
		SlurmctldPidFile=$PWD/slurmctld.pid
		SlurmdPidFile=$PWD/slurmd.pid
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		MpiDefault=none
		NodeName=$(uname -n) NodeAddr=127.0.0.1 CPUs=$(nproc)
		PartitionName=class Nodes=ALL Default=YES MaxTime=10
	END
	export SLURM_CONF="$PWD/slurm.conf"
	munged --force --foreground --key-file="$PWD/key" \
		--socket="$PWD/munge" --pid-file="$PWD/munged.pid" \
		--log-file="$PWD/munged.log" --seed-file="$PWD/seed" \
		>munged.out 2>&1 &
	daemons="$! $daemons"
	until_there munge || return 1
	slurmctld -D -i >slurmctld.out 2>&1 &
	daemons="$! $daemons"
	slurmd -D >slurmd.out 2>&1 &
	daemons="$! $daemons"
	tries=0
	until [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; do
		sleep 0.2
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
	done
}

array="a Slurm array grades"
if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null ||
	! command -v munged >/dev/null; then
	skip "$array" "no Slurm here: packages slurmctld, slurmd, munge"
elif here=$PWD && ! start_slurm; then
	cd "$here" || exit 1
	skip "$array" "Slurm does not start: $(tail -qn 1 "$work"/slurm/*.out |
		tr '\n' ' ')"
else
	cd "$here" || exit 1
	rm -rf "$work/far.grades"
	mkdir -p "$work/far/other"
	book far STAGE=1 SLURM=1 JOBS=1
	ok "$array" table "[r['status'] for r in rows] == ['graded'] * 3"
	ok "and not GNU parallel" [ ! -e "$out/joblog" ]
fi
done_testing
