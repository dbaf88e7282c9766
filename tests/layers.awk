# Who may include whom, folders and third-party headers. Run: awk -f tests/layers.awk FILES
BEGIN {
	may["base"] = "base"
	may["sys"] = "base sys"
	may["store"] = "base store"
	may["bus"] = "base sys store bus"
	may["work"] = "base work"
	may["domain"] = "base sys store bus work domain" # work: the runner gives blocking git steps to a pool
	may["handlers"] = "base domain handlers"
	may["wire"] = "base work wire handlers/tool.h handlers/arg.h handlers/resource.h handlers/prompt.h handlers/task.h handlers/health.h"
	may["cli"] = "base cli wire/rpc.h handlers/tool.h handlers/arg.h"
	may["team"] = "base store bus domain team"

	third["base/json.h"] = "cjson"
	third["sys/repo"] = "git2"
	third["sys/yaml"] = "yaml"
	third["sys/markdown"] = "cmark"
	third["sys/sandbox"] = "linux/landlock"
	third["store/"] = "sqlite3"
	third["bus/"] = "pb-c"
	third["domain/"] = "pb-c uthash utlist utf8proc libstemmer"
	third["wire/http"] = "microhttpd"
	third["team/"] = "libpq nats"
	watched = "^(cjson|git2|yaml|cmark|linux/landlock|sqlite3|uthash|utlist|utf8proc|libstemmer|microhttpd|libpq|nats)"
}
FNR == 1 {
	path = FILENAME
	sub(/^server\//, "", path)
	from = path
	sub(/\/.*/, "", from)
}
/^#include "/ && from in may {
	to = substr($2, 2)
	sub(/"$/, "", to)
	folder = to
	sub(/\/.*/, "", folder)
	list = " " may[from] " "
	if (to ~ /pb-c\.h$/)
		check_third(to, "pb-c")
	else if (to ~ /\// && !index(list, " " folder " ") && !index(list, " " to " "))
		bad("may not include " to)
}
/^#include </ && from in may {
	to = substr($2, 2)
	sub(/>$/, "", to)
	if (match(to, watched))
		check_third(to, substr(to, RSTART, RLENGTH))
}
function check_third(to, lib,    at) {
	for (at in third)
		if (index(path, at) == 1 && index(" " third[at] " ", " " lib " "))
			return
	bad("may not use " to)
}
function bad(what) {
	printf "%s:%d: %s %s\n", FILENAME, FNR, from, what
	failed = 1
}
END { exit failed }
