# build.sh - how a submission is built: in a box, where the compiler sees the
# kit's headers and the submission alone; to be sourced by grade.sh
# shellcheck shell=sh disable=SC2154 # build, work, made and the like are its own

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
	link box whole/box "$tree/${stages##* }/main.o" "$all" "" && return
	echo "your ten answers do not link with each other" >"$work/no-whole"
	return 1
}
