#!/bin/sh
# test-machines.sh BUILD - a class that other machines grade; TAP
set -u
# shellcheck source=tests/gradebook/testing.sh
. "$(dirname "$0")/testing.sh"
# shellcheck source=tests/gradebook/failing-kit.sh
. tests/gradebook/failing-kit.sh

daemons=
run_sshd=
PATH=$PATH:/usr/sbin:/sbin

# shellcheck disable=SC2317 # tap.sh calls it
clean_up()
{
	for pid in $daemons; do
		kill "$pid" && wait "$pid"
	done 2>/dev/null
	[ -z "$run_sshd" ] || rmdir "$run_sshd"
}

# By ssh, here, to an sshd of our own.
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
echo '#error alert' >"$work/far/broken/spawn.c"
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

# By Slurm, of one machine.
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
	export SLURM=1
	interrupt INT -
	ok "interrupted, it says so" says_so "interrupted, with 1 graded" 130
	ok "nothing of the array is left" [ -z "$(squeue -h)" ]
	ok "and no process and no file" nothing_left
	unset SLURM
fi
done_testing
