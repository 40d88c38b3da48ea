# in-vm.sh - what a grading does in the VM, for grade.sh to source
# shellcheck shell=sh disable=SC2034,SC2154 # shared with grade.sh
#
# It compiles what is in $work/src, and judges what is in $made. A VM that runs
# has its process id in $work/vm.pid; status becomes 1 when it has failed twice.

# compile_in_vm STAGE...: where no box starts. One boot for all of them
compile_in_vm()
{
	words="BUILD_BY=box CC='$CC' CFLAGS='$CFLAGS' LDFLAGS='$LDFLAGS' BUILD_SECONDS=120"
	: >"$work/vm"
	sh rootfs/vm.sh --timeout 900 --memory 1024 --out "$work/vm" \
		--add "$build/reference:/kit/reference" \
		--add "$build/tests/obj/drivers:/kit/tests/obj/drivers" \
		--add "$build/grade:/kit/grade" \
		--add tests/grade/build.sh:/kit/build.sh \
		--add tests/grade/stages.sh:/kit/stages.sh \
		--add "$work/src:/submitted/src" --add "$work/files:/submitted/files" -- \
		"cd /submitted && $words sh /kit/build.sh /kit /submitted $* &&
			rm -rf src made/*.o && tar -cf \"\$VM_OUT\" ./*" \
		>"$work/vm.log" 2>&1 </dev/null 9<&- &
	echo $! >"$work/vm.pid"
	wait $!
	rm "$work/vm.pid"
	tar -C "$work" --no-same-owner -xf "$work/vm" && return
	say "the VM that compiles has failed"
	mv "$work/vm.log" "$work/judge.log"
	last_words
	return 1
}

# build_in_vm STAGE...: a machine may fail; it is given two chances
build_in_vm()
{
	say "no box starts here: the VM compiles it, which takes a while"
	compile_in_vm "$@" || compile_in_vm "$@"
}

# vm_script STAGE...: what is run in the VM, and told of to $VM_OUT
vm_script()
{
	# Tests take longer in there.
	echo "export TIME_FACTOR=$(awk "BEGIN { print 4 * ${TIME_FACTOR:-1} }")"
	for judged; do
		whole=
		[ "$judged" != "$last" ] || [ ! -e "$made/whole/box" ] ||
			whole='--whole /kit/made/whole/box'
		echo "echo begin $judged >>\"\$VM_OUT\""
		echo "/kit/gates/$judged --seed $SEED $whole \\"
		echo "	--program /kit/made/$judged/$(program_of "$judged") \\"
		echo "	--driver /kit/made/$judged/driver --probe /kit/probe \\"
		echo "	--rootfs /kit/rootfs --results \"\$VM_OUT\""
		echo "[ \$? -gt 1 ] || echo end $judged >>\"\$VM_OUT\""
	done
}

# without WORD WORDS...: the WORDS but for that one
without()
{
	one=$1
	shift
	for word; do
		[ "$word" = "$one" ] || printf '%s ' "$word"
	done
}

# judge_in_vm STAGE...: all of them in one boot, if it lasts so long. Leaves
# those that are still to be judged in $left, and in $begun the one that the VM
# ended with, or else one of which not all has come.
# shellcheck disable=SC2086 # names are words
judge_in_vm()
{
	vm_script "$@" >"$work/script"
	left=$*
	begun=
	cut_short=
	rm -f "$work/vm" && mkfifo "$work/vm" &&
		command exec 9<>"$work/vm" || exit 125
	{
		sh rootfs/vm.sh --timeout 1800 --silence 300 --memory 512 \
			--out "$work/vm" --add "$build/rootfs:/kit/rootfs" \
			--add "$build/tests/probe:/kit/probe" \
			--add "$build/tests/gates:/kit/gates" \
			--add "$made:/kit/made" --add "$work/script:/kit/script" \
			-- '. /kit/script' >"$work/judge.log" 2>&1 </dev/null \
			9<&- &
		echo $! >"$work/vm.pid"
		wait
		rm -f "$work/vm.pid"
		# A guest that died may have left half a line.
		printf '\nover\n' >&9
	} &
	while IFS= read -r line <&9; do
		case $line in
		"begin "*)
			begun=${line#begin }
			: >"$work/$begun.results"
			;;
		"end "*)
			if heard_all "$begun"; then
				left=$(without "$begun" $left)
			else
				cut_short=$begun
			fi
			tell "$begun"
			begun=
			;;
		over) break ;;
		'') ;;
		*) printf '%s\n' "$line" >>"$work/$begun.results" ;;
		esac
	done
	wait
	exec 9<&-
	begun=${begun:-$cut_short}
}

# judge_there STAGE...: in the VM. A machine may fail; what it ended with, be it
# a stage or its own start, is given two chances.
# shellcheck disable=SC2086 # names are words
judge_there()
{
	left=$*
	failures=
	while [ "$left" ]; do
		judge_in_vm $left
		[ "$left" ] || break
		last_words
		failure=${begun:-start}
		case " $failures " in
		*" $failure "*) status=1 ;;
		*)
			say "the VM has failed ($failure), and is started again"
			failures="$failures $failure"
			continue
			;;
		esac
		[ "$begun" ] || break
		left=$(without "$begun" $left)
		tell "$begun"
	done
}
