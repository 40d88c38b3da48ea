#!/bin/sh
# build.sh BUILD WORK STAGE... - builds what has been collected in WORK
#
# Compiles and links in boxes, where a compiler sees the kit's headers and the
# submission alone. Of each STAGE: WORK/made/STAGE/ gets the program and the
# driver, on the reference, and there is WORK/STAGE.built; or WORK/STAGE.why says
# why not. With the last of the course: WORK/made/whole/box, of the submission
# alone, or WORK/no-whole says why not. What the compiler says goes to WORK/log.
# CC, CFLAGS and LDFLAGS come from make.
#
# build.sh BUILD --can: exits 0 when a box starts here.
set -u
build=$1
work=$2
shift
[ "$work" = --can ] || shift
made=$work/made
tree=$build/reference/obj
stages=$(cut -d' ' -f1 "$build/grade/stages" | tr '\n' ' ')
stages=${stages% }
last=${stages##* }
# Compiling takes longer where the processor is emulated.
seconds=${BUILD_SECONDS:-30}

# files_of STAGE, program_of STAGE
files_of()
{
	sed -n "s/^$1 [^ ]* //p" "$build/grade/stages"
}
program_of()
{
	sed -n "s/^$1 \([^ ]*\) .*/\1/p" "$build/grade/stages"
}

# libraries STAGE TREE: those of the stages up to it, latest first, but for its
# own; those of TREE, a directory in the box
libraries()
{
	awk -v last="$1" -v tree="$2" '{ list = tree "/" $1 ".a " list }
		$1 == last { sub(/^[^ ]* /, "", list); print list; exit }' \
		"$build/grade/stages"
}

# in_box OPTION... -- WORD...: a compiler's world, in which nobody is anybody
in_box()
{
	[ "$(id -u)" -ne 0 ] || set -- --user 65534:65534 "$@"
	"$build/reference/box" run --read-only --hostname build \
		--timeout $((2 * seconds)) --grace 0 --tmpfs /tmp \
		-e PATH=/usr/bin:/bin -e LC_ALL=C --rlimit as=1073741824 \
		--rlimit cpu="$seconds" --rlimit fsize=16777216 \
		--rlimit nofile=256 --rlimit nproc=512 --rlimit core=0 \
		-v "$build/grade/headers:/kit:ro" "$@" </dev/null
}

# compile STAGE: its objects to made/STAGE.o/; false when there are not all
compile()
{
	mkdir -p "$made/$1.o" && chmod 1777 "$made/$1.o" || return 1
	# shellcheck disable=SC2016,SC2046 # the shell in the box; words
	in_box -v "$work/src/$1:/src:ro" -v "$made/$1.o:/out" -w /src \
		-e "CC=$CC $CFLAGS -pipe" "$build/grade/root" sh -c '
		status=0
		for file; do
			$CC -c -o "/out/${file%.c}.o" "$file" || status=1
		done
		exit $status' sh $(files_of "$1")
}

# link STAGE WHAT MAIN OBJECTS LIBRARIES: to made/WHAT
link()
{
	mkdir -p "${made:?}/$(dirname "$2")" &&
		chmod 1777 "$made/$(dirname "$2")" || return 1
	# shellcheck disable=SC2016
	in_box -v "$made:/src:ro" -v "$made/$(dirname "$2"):/out" \
		-v "$build/reference/obj:/libraries:ro" -v "$3:/main.o:ro" \
		-e "CC=$CC" -e "LDFLAGS=$LDFLAGS" -e "WORDS=$4 $5" \
		"$build/grade/root" sh -c '
		$CC -o "/out/$1" /main.o $WORDS /libraries/common.a \
			$LDFLAGS' sh "$(basename "$2")" &&
		[ -f "$made/$2" ] && [ ! -L "$made/$2" ]
}

# objects STAGE: its own, as paths in the box that links
objects()
{
	for file in $(files_of "$1"); do
		echo "/src/$1.o/${file%.c}.o"
	done
}

# build STAGE: program and driver on the reference. False: work/STAGE.why says
# why there are none.
build_stage()
{
	awk -F '\t' -v stage="$1" '$1 == stage && $3 == "missing" {
			print $2 " is missing" }
		$1 == stage && $3 == "refused" {
			print $2 " was not taken: " $4 }' "$work/files" |
		sed '$!s/$/;/' >"$work/$1.why"
	[ ! -s "$work/$1.why" ] || return 1
	echo "== $1"
	if ! compile "$1"; then
		echo "it does not compile" >"$work/$1.why"
		return 1
	fi
	if ! link "$1" "$1/$(program_of "$1")" "$tree/$1/main.o" \
		"$(objects "$1")" "$(own_given "$1") $(libraries "$1" \
			/libraries)"; then
		echo "it does not link" >"$work/$1.why"
		return 1
	fi
	if ! link "$1" "$1/driver" "$build/tests/obj/drivers/$1.o" \
		"$(objects "$1")" "$(own_given "$1") $(libraries "$1" \
			/libraries)"; then
		echo "what tests its modules does not link with it" \
			>"$work/$1.why"
		return 1
	fi
	: >"$work/$1.built"
}

# own_given STAGE: what the kit gives beside the student's files
own_given()
{
	for object in "$tree/$1"/*.o; do
		object=$(basename "$object")
		case " main.c $(files_of "$1") " in
		*" ${object%.o}.c "*) ;;
		*) echo "/libraries/$1/$object" ;;
		esac
	done
}

# build_whole: box, of all that was submitted; work/no-whole says why it is not
build_whole()
{
	all=
	for part in $stages; do
		if [ ! -e "$work/$part.built" ]; then
			echo "your own $part is missing in it" >"$work/no-whole"
			return 1
		fi
		all="$(objects "$part") $(own_given "$part") $all"
	done
	link box whole/box "$tree/$last/main.o" "$all" "" && return
	echo "your ten answers do not link with each other" >"$work/no-whole"
	return 1
}

if [ "${1-}" = --can ]; then
	in_box "$build/grade/root" sh -c :
	exit
fi
: >"$work/no-whole"
mkdir -p "$made" || exit 125
for stage; do
	build_stage "$stage" >>"$work/log" 2>&1
	if [ "$stage" = "$last" ] && [ -e "$work/$last.built" ]; then
		build_whole >>"$work/log" 2>&1
	fi
done
