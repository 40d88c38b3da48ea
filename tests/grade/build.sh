# build.sh - how a submission is built: in a box, where the compiler sees the
# kit's headers and the submission alone; to be sourced by grade.sh
#
# Root of a container that may make no namespaces, as Docker's are, can still
# change root and be nobody: then the same is done by copies and chroot. Nothing
# of a submission is run here, but what a compiler can be told to read is what
# has to be kept from it.
# shellcheck shell=sh disable=SC2154 # build, work, made and the like are its own

# libraries STAGE TREE: those of the stages up to it, latest first, but for its
# own; those of TREE, a directory in the box
libraries()
{
	awk -v last="$1" -v tree="$2" '{ list = tree "/" $1 ".a " list }
		$1 == last { sub(/^[^ ]* /, "", list); print list; exit }' \
		"$build/grade/stages"
}

# find_cell: how to be alone with a compiler here, to $cell; false: not at all
find_cell()
{
	cell=in_box
	in_box "$build/grade/root" true 2>"$work/no-box" && return
	[ "$(id -u)" -eq 0 ] || return 1
	cell=in_chroot
	[ -d "$build/grade/toolchain" ] || sh tests/grade/toolchain.sh \
		"$build/grade/toolchain" "${CC##*/}" || return 1
	in_chroot "$build/grade/root" sh -c :
}

# in_box OPTION... ROOT WORD...: a compiler's world, in which nobody is anybody
in_box()
{
	for dir in /usr /bin /sbin /lib /lib32 /lib64; do
		[ ! -d "$dir" ] || [ -L "$dir" ] || set -- -v "$dir:$dir:ro" "$@"
	done
	[ "$(id -u)" -ne 0 ] || set -- --user 65534:65534 "$@"
	"$build/reference/box" run --read-only --hostname build \
		--timeout 60 --grace 0 --tmpfs /tmp -e PATH=/usr/bin:/bin \
		-e LC_ALL=C --rlimit as=1073741824 --rlimit cpu=30 \
		--rlimit fsize=16777216 --rlimit nofile=256 \
		--rlimit nproc=512 --rlimit core=0 \
		-v "$build/grade/headers:/kit:ro" "$@" </dev/null
}

# in_chroot OPTION... ROOT WORD...: the same for nobody in a tree of copies, which
# one grading has at a time. A volume that is not read-only is copied back; none
# is left for the next one to read.
in_chroot()
(
	inside=$build/grade/toolchain
	exec 8<"$inside" && flock 8 || exit 125
	from='' to='' dir=/
	# Somebody who was killed may have left them.
	volumes="$inside/kit $inside/src $inside/out $inside/libraries
		$inside/main.o"
	# shellcheck disable=SC2086 # words: the build directory has no blanks
	rm -rf $volumes
	set -- -v "$build/grade/headers:/kit:ro" "$@"
	while :; do
		case $1 in
		-v)
			name=${2#*:} name=${name%:ro}
			cp -RP "${2%%:*}" "$inside$name" || exit 125
			chmod -R go=rX "$inside$name"
			case $2 in
			*:ro) ;;
			*)
				from=$inside$name to=${2%%:*}
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
	LC_ALL=C PATH=/usr/bin:/bin:/usr/sbin:/sbin timeout -k 1 60 prlimit \
		--as=1073741824 --cpu=30 --fsize=16777216 --nofile=256 \
		--nproc=512 --core=0 chroot --userspec=65534:65534 --groups= \
		"$inside" sh -c 'cd "$0" && exec "$@"' "$dir" "$@" </dev/null
	status=$?
	[ -z "$to" ] || cp -RP "$from/." "$to" || status=125
	# shellcheck disable=SC2086
	rm -rf $volumes "$inside"/tmp/*
	exit $status
)

# compile STAGE: its objects to made/STAGE.o/; false when there are not all
compile()
{
	mkdir -p "$made/$1.o" && chmod 1777 "$made/$1.o" || return 1
	# shellcheck disable=SC2016,SC2046 # the shell in the box; words
	$cell -v "$work/src/$1:/src:ro" -v "$made/$1.o:/out" -w /src \
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
	$cell -v "$made:/src:ro" -v "$made/$(dirname "$2"):/out" \
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
	link box whole/box "$tree/${stages##* }/main.o" "$all" "" && return
	echo "your ten answers do not link with each other" >"$work/no-whole"
	return 1
}
