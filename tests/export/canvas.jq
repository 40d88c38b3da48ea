# CSV for Canvas: Grades, Import. Run with -nr; class.jq says what it reads.
# https://community.canvaslms.com/t5/Instructor-Guide/tkb-p/Instructor
# How do I import grades in the Gradebook?
#
# Canvas finds somebody by ID, its own number, else by the registry's number, else
# by login, else by name. It makes an assignment of a column that it does not know.
include "class";

class | columns as $columns
| (["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
	+ ($columns | map(.name)) | row),
  (["    Points Possible", null, null, null, null]
	+ ($columns | map(.max_score)) | row),
  (.[] | [.name // .id, .canvas_id, .sis_id, .id, .section]
	+ points($columns) | row)
