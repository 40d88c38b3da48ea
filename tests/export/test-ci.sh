#!/bin/sh
# test-ci.sh BUILD - results as TAP and JUnit; TAP
#
# Read back with parsers that are not the kit's, where there are some.
# shellcheck disable=SC2154 # examples.sh
# shellcheck disable=SC2016 # $ in single quotes is Perl's or Python's
# shellcheck source=tests/export/examples.sh
. "$(dirname "$0")/examples.sh"

for format in tap junit; do
	export_each $format || exit 1
done

# --- TAP: https://testanything.org/tap-version-14-specification.html

# With the parser of prove; one that knows 13 alone reads the same with that.
version=14
prove -e cat "$work/finished.tap" >/dev/null 2>&1 || version=13

# proves NAME PASSED FAILED: each line is known, none is a directive
proves()
{
	TAP=$version sh tests/export/export.sh tap "$work/$1.json" \
		>"$work/proved" && perl -MTAP::Parser -e '
		my $tap = TAP::Parser->new({exec => ["cat", $ARGV[0]]});
		my ($yaml, $bad) = (0, 0);
		while (my $line = $tap->next) {
			$yaml++ if $line->is_yaml && $line->data->{message} ne "";
			$bad++ if $line->is_unknown || $line->is_bailout
				|| $line->is_test && $line->directive;
		}
		print join(" ", scalar $tap->passed, scalar $tap->failed,
			$yaml, $bad, scalar $tap->parse_errors,
			$tap->is_good_plan), "\n"' "$work/proved" >"$work/parsed" &&
		grep -qx "$2 $3 $3 0 0 1" "$work/parsed" && return
	cat "$work/parsed"
	return 1
}

if ! perl -MTAP::Parser -e 1 2>/dev/null; then
	skip "prove reads it" "no TAP::Parser here: package perl"
else
	ok "prove: all passed" proves finished "$tests" 0
	ok "prove: all failed" proves zero 0 "$tests"
	ok "prove: what was not judged failed" proves unjudged 0 "$tests"
	ok "prove: a skip is not passed" proves partial \
		$((tests - lost - 2)) $((lost + 2))
	ok "prove: hostile text changes nothing" proves hostile 0 "$tests"
fi
changed directive '.stages[0].tests[0].intent = "a # SKIP \\# TODO b"'
directive()
{
	proves directive "$tests" 0 || return 1
	export_as tap directive && sed -n 3p "$work/directive.tap" |
		grep -qxF 'ok 1 - 01-fork-exec new_process: a \# SKIP \\\# TODO b'
}
ok "a description has no directive" directive

# What version 14 is made of, line by line.
grammar()
{
	for name in $all hostile; do
		awk -v tests="$(grep -c '^ok\|^not ok' \
			"$work/$name.tap")" '
			NR == 1 { if ($0 != "TAP version 14") exit bad = 1; next }
			NR == 2 { if ($0 != "1.." tests) exit bad = 1; next }
			/^(not )?ok [0-9]+ - / && !yaml && /^not / + 0 == ($1 == "not") {
				sub(/^not /, ""); if ($2 != ++number) exit bad = 1
				next }
			/^  ---$/ && !yaml { yaml = 1; next }
			/^  \.\.\.$/ && yaml { yaml = 0; next }
			/^  [a-z_]+: / && yaml { next }
			/^# / && !yaml { next }
			{ exit bad = 1 }
			END { exit bad || yaml || number != tests }' \
			"$work/$name.tap" || return 1
	done
}
ok "TAP version 14: version, plan, tests, diagnostics" grammar

# --- JUnit

# xml NAME TESTS FAILURES SKIPPED
xml()
{
	"$python" -c '
import sys, junitparser
cases = [c for s in junitparser.JUnitXml.fromfile(sys.argv[1]) for c in s]
results = [r for c in cases for r in
	(c.result if isinstance(c.result, list) else [c.result]) if r]
suites = list(junitparser.JUnitXml.fromfile(sys.argv[1]))
count = lambda kind: sum(isinstance(r, kind) for r in results)
told = [sum(getattr(s, n) for s in suites)
	for n in ("tests", "failures", "skipped")]
found = [len(cases), count(junitparser.Failure), count(junitparser.Skipped)]
print(told, found, [p.value for p in suites[0].properties()])
sys.exit(not told == found == [int(n) for n in sys.argv[2:]]
	or not all(r.message for r in results))' "$work/$1.junit" "$2" "$3" "$4"
}
python=$python3
"${python:-false}" -c 'import junitparser' 2>/dev/null || python=
if [ -z "$python" ]; then
	skip "junitparser reads JUnit" "no junitparser here: package python3-junitparser"
else
	ok "junitparser: all passed" xml finished "$tests" 0 0
	ok "junitparser: all failed" xml zero "$tests" "$tests" 0
	ok "junitparser: one skipped, and what was not judged failed" \
		xml partial "$tests" $((lost + 1)) 1
	ok "junitparser: hostile text changes nothing" \
		xml hostile "$tests" "$tests" 0
fi
# https://github.com/jenkinsci/xunit-plugin has junit-10.xsd; what of it is used.
schema()
{
	cat >"$work/schema" <<-'END'
	<grammar xmlns="http://relaxng.org/ns/structure/1.0"
	 datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
	<define name="counts"><attribute name="name"/>
	<attribute name="tests"><data type="nonNegativeInteger"/></attribute>
	<attribute name="failures"><data type="nonNegativeInteger"/></attribute>
	<attribute name="errors"><data type="nonNegativeInteger"/></attribute>
	<attribute name="time"><data type="decimal"/></attribute></define>
	<define name="why"><attribute name="message"/>
	<optional><attribute name="type"/></optional><text/></define>
	<start><element name="testsuites"><ref name="counts"/><oneOrMore>
	<element name="testsuite"><ref name="counts"/>
	<attribute name="skipped"><data type="nonNegativeInteger"/></attribute>
	<element name="properties"><oneOrMore><element name="property">
	<attribute name="name"/><attribute name="value"/></element></oneOrMore>
	</element><oneOrMore><element name="testcase">
	<attribute name="name"/><attribute name="classname"/>
	<attribute name="time"><data type="decimal"/></attribute>
	<optional><choice><element name="failure"><ref name="why"/></element>
	<element name="skipped"><ref name="why"/></element></choice></optional>
	</element></oneOrMore></element></oneOrMore></element></start></grammar>
	END
	for name in $all hostile; do
		xmllint --noout --relaxng "$work/schema" "$work/$name.junit" ||
			return 1
	done
}
if command -v xmllint >/dev/null; then
	ok "JUnit: well-formed, and nothing in it that Jenkins does not know" schema
else
	skip "JUnit: well-formed" "no xmllint here: package libxml2-utils"
fi
done_testing
