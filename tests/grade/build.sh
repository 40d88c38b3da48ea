#!/bin/sh
# build.sh BUILD WORK STAGE... - builds what has been collected in WORK
#
# Compiles and links in boxes, where a compiler sees the kit's headers and the
# submission alone. Of each STAGE: WORK/made/STAGE/ gets the program and the
# driver, on the reference, and there is WORK/STAGE.built; or WORK/STAGE.why says
# why not. What is no fault of the submission, such as a box that does not start
# or a full disk, is no reason: then this ends, with 125. With the last of the
# course: WORK/made/whole/box, of the submission alone, or WORK/no-whole says why
# not. What the compiler says goes to WORK/log. CC, CFLAGS and LDFLAGS come from
# make, BUILD_BY from --can.
#
# build.sh BUILD --can: prints by what it can be done here: "box"; or "chroot", for
# root of a container that may make no namespaces, as Docker's are. Nothing of a
# submission is run here, but what a compiler can be told to read is what has to
# be kept from it. False: by neither.
set -u
build=$1
work=$2
shift
[ "$work" = --can ] || shift
made=$work/made
tree=$build/reference/obj
# shellcheck source=tests/grade/stages.sh
. "$(dirname "$0")/stages.sh"
inside=$build/grade/root
tab=$(printf '\t')
newline='
'
# Compiling takes longer where the processor is emulated.
seconds=${BUILD_SECONDS:-30}

# libraries STAGE TREE: those of the stages before it, latest first; those of
# TREE, a directory in the box
libraries()
{
	list=
	for earlier in $stages; do
		[ "$earlier" != "$1" ] || break
		list="$2/$earlier.a $list"
	done
	echo "$list"
}

# cannot WORD...: it is not the submission that has failed
cannot()
{
	echo "build.sh: $*" >&3
	exit 125
}

# went_wrong STATUS: what a compiler's box has ended with. False: the compiler
# itself has said no, or its time was over, and it had room for what it makes
went_wrong()
{
	case $1 in
	125 | 126 | 127) cannot "no compiler starts here" ;;
	esac
	head -c 20000000 /dev/zero >"$made/room" || cannot "cannot write to $made"
	rm "$made/room"
	return 1
}

# in_box OPTION... ROOT WORD...: a compiler's world, in which nobody is anybody
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

# in_chroot OPTION... ROOT WORD...: the same for nobody in a tree of copies, which
# one grading has at a time. A volume that is not read-only is copied back; none
# is left for the next one to read.
in_chroot()
(
	command exec 8<"$inside" && flock 8 || exit 125
	from='' to='' dir=/
	no_volumes || exit 125
	set -- -v "$build/grade/headers:/kit:ro" "$@"
	while :; do
		case $1 in
		-v)
			name=${2#*:} name=$inside${name%:ro}
			rm -rf "$name"
			cp -RP "${2%%:*}" "$name" || exit 125
			chmod -R go=rX "$name"
			case $2 in
			*:ro) ;;
			*)
				from=$name to=${2%%:*}
				chmod 1777 "$from"
				;;
			esac
			;;
		-w) dir=$2 ;;
		-e) export "${2?}" ;;
		*) break ;;
		esac
		shift 2
	done
	shift
	# shellcheck disable=SC2016 # the shell in there
	LC_ALL=C PATH=/usr/bin:/bin:/usr/sbin:/sbin timeout -k 1 \
		$((2 * seconds)) prlimit --as=1073741824 --cpu="$seconds" \
		--fsize=16777216 --nofile=256 --nproc=512 --core=0 \
		chroot --userspec=65534:65534 --groups= "$inside" \
		sh -c 'cd "$0" && exec "$@"' "$dir" "$@" </dev/null
	status=$?
	[ -z "$to" ] || cp -RP "$from/." "$to" || status=125
	no_volumes || status=125
	exit $status
)

# no_volumes: the tree as it is for a box, which mounts them; somebody who was
# killed may have left some
no_volumes()
{
	for dir in kit src out libraries tmp; do
		rm -rf "${inside:?}/$dir" && mkdir "$inside/$dir" || return 1
	done
	chmod 1777 "$inside/tmp" && rm -rf "$inside/main.o" &&
		: >"$inside/main.o"
}

# make_out DIR: made so that those in a box, who are nobody, may write to it
make_out()
{
	mkdir -p "$1" && chmod 1777 "$1" && return
	cannot "cannot make $1"
}

# compile STAGE: its objects to made/STAGE.o/; false when there are not all
compile()
{
	make_out "$made/$1.o"
	# shellcheck disable=SC2016,SC2046 # the shell in the box; words
	"in_$BUILD_BY" -v "$work/src/$1:/src:ro" -v "$made/$1.o:/out" -w /src \
		-e "CC=$CC $CFLAGS -pipe" "$build/grade/root" sh -c '
		status=0
		for file; do
			$CC -c -o "/out/${file%.c}.o" "$file" || status=1
		done
		exit $status' sh $(files_of "$1") || went_wrong $?
}

# link STAGE WHAT MAIN OBJECTS LIBRARIES: to made/WHAT
link()
{
	to=$made/${2%/*}
	make_out "$to"
	# shellcheck disable=SC2016
	"in_$BUILD_BY" -v "$made:/src:ro" -v "$to:/out" \
		-v "$build/reference/obj:/libraries:ro" -v "$3:/main.o:ro" \
		-e "CC=$CC" -e "LDFLAGS=$LDFLAGS" -e "WORDS=$4 $5" \
		"$build/grade/root" sh -c '
		$CC -o "/out/$1" /main.o $WORDS /libraries/common.a \
			$LDFLAGS || exit 1' sh "${2##*/}" || went_wrong $? &&
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
	reasons=
	while IFS="$tab" read -r part file how text; do
		case $part/$how in
		"$1/missing") why="$file is missing" ;;
		"$1/refused") why="$file was not taken: $text" ;;
		*) continue ;;
		esac
		reasons="$reasons${reasons:+;$newline}$why"
	done <"$work/files"
	if [ "$reasons" ]; then
		printf '%s\n' "$reasons" >"$work/$1.why" ||
			cannot "cannot write to $work"
		return 1
	fi
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
		object=${object##*/}
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
			return
		fi
		all="$(objects "$part") $(own_given "$part") $all"
	done
	echo "it could not be built" >"$work/no-whole"
	if link box whole/box "$tree/$last/main.o" "$all" ""; then
		: >"$work/no-whole"
	else
		echo "your ten answers do not link with each other" \
			>"$work/no-whole"
	fi
}

if [ "${1-}" = --can ]; then
	if in_box "$build/grade/root" sh -c :; then
		echo box
	elif [ "$(id -u)" -eq 0 ] && chroot --userspec=65534:65534 --groups= \
		"$build/grade/root" sh -c :; then
		echo chroot
	else
		exit 1
	fi
	exit
fi
: >"$work/no-whole"
mkdir -p "$made" || exit 125
exec 3>&2 >>"$work/log" 2>&1
for stage; do
	build_stage "$stage"
	if [ "$stage" = "$last" ] && [ -e "$work/$last.built" ]; then
		build_whole
	fi
done
