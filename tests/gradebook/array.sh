#!/bin/sh
#SBATCH --job-name=gradebook
#SBATCH --output=/dev/null
#SBATCH --error=/dev/null
#
# array.sh KIT TODO FIRST WORD... - one task of a Slurm array: the submission in
# line FIRST + SLURM_ARRAY_TASK_ID of TODO (number, tab, name); WORDs are the
# first arguments of student.sh.
kit=$1
todo=$2
line=$(($3 + SLURM_ARRAY_TASK_ID))
shift 3
exec sh "$kit/tests/gradebook/student.sh" "$@" \
	"$(sed -n "${line}s/	.*//p" "$todo")" \
	"$(sed -n "${line}s/^[0-9]*	//p" "$todo")"
