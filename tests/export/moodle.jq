# CSV for Moodle: Grades, Import, CSV file. Run with -nr; class.jq says what it
# reads.
# https://docs.moodle.org/en/Grade_import
#
# Moodle asks which column says who somebody is, and which grade item each of the
# others is; a new one may be made.
include "class";

class | columns as $columns
| (["Username", "ID number", "Email address", "Full name"]
	+ ($columns | map(.name)) | row),
  (.[] | [.id, .sis_id, .email, .name] + points($columns) | row)
