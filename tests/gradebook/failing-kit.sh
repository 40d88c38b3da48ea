# failing-kit.sh - a kit whose grader can be told to fail, to hang, or to be one
# that somebody has ended, and a class that it is to grade, for the gradebook's
# tests to source
# shellcheck shell=sh disable=SC2034,SC2154 # testing.sh and whose sources this
#
# What it judges with is ours. Whoever hands in "stop" is meant: work/few/b.
kit=$work/kit
mkdir "$kit" "$kit/tests"
cp -R rootfs solutions stages "$kit"
for part in doctor grade gradebook export gates harness probe drivers judge.sh \
	look.css tests.mk tools tools.mk; do
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
		[ ! -e "$work/end" ] || exit 143
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
		"$stage" >"$work/out" 2>&1 </dev/null &
	group=$!
	until_there "$work/hangs" && until_there "$work/few.grades/a/graded"
	kill "-$1" "${2-}$group"
	wait "$group"
	status=$?
	out=$work/few.grades
	rm "$work/hang"
}

# nothing_left: no process, and no file but what is kept
nothing_left()
{
	# -q: one that has been found counts, whatever ends meanwhile.
	! grep -qsz "^TEN_STAGES_CLASS=$$\$" /proc/[0-9]*/environ &&
		[ -z "$(ls -A "$work/tmp")" ] &&
		[ -z "$(find "$out" -maxdepth 1 -name '.run*')" ]
}
