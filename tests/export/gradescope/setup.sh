#!/bin/sh
# setup.sh - makes Gradescope's image ready: installs, builds, and tries it
#
# Gradescope runs it once, as root, when the autograder is uploaded.
set -eu
export DEBIAN_FRONTEND=noninteractive
cd "${AUTOGRADER:-/autograder}/source/kit"
rootfs/deps.sh --needed
make -s grader
# As it will be done for each submission: nothing is left to be made then, and who
# reads the build's log sees that it works.
make -s grade SUBMISSION=solutions OUT=build/grade/tried STAGE=01
