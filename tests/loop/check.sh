#!/bin/sh
# check.sh STAGE - one stage, with all that its gate says
#
# A stage is shut until those before it have passed, for it stands on them;
# with UNLOCK=1 the kit's own take the place of what is not passed.
# shellcheck source=tests/loop/common.sh
. "${0%/*}/common.sh"

stage=$1
if [ -z "${UNLOCK:-}" ]; then
	for before in $stages; do
		[ "$before" != "$stage" ] || break
		passed "$before" && continue
		say "Stage $stage is shut: it stands on $before, which is not" \
			"passed yet. make UNLOCK=1 check-${stage%%-*} lets it" \
			"stand on the kit's own." >&2
		exit 2
	done
fi
build_and_judge "$stage" || { next "$stage" && exit 2; }
remember "$stage"
wrap <"$B/$tree/verdicts/$stage" |
	sed "s/^  pass/  ${green}pass${plain}/; s/^  FAIL/  ${red}FAIL${plain}/
	s/^  skip/  ${yellow}skip${plain}/"
show_warnings "$stage"
echo
passed "$stage" || { next "$stage" && exit 1; }
next "$(open_stage)"
