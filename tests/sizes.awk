# Walls of size: function 60 lines, file 600, header 200, 6 parameters beside err, nesting 4,
# 100 columns.
# A table or a flat switch may be longer. Run: awk -f tests/sizes.awk FILES
FNR == 1 {
	if (NR > 1)
		file_end()
	file = FILENAME
	lines = depth = start = 0
	header = file ~ /\.h$/
}
{
	lines = FNR
	line = $0
	gsub(/\t/, "        ", line)
	sub(/ *\\$/, "", line) # of a macro: where the formatter puts it
	if (length_of(line) > 100)
		bad(FNR, "line of " length_of(line) " columns (most 100)")
}
/^\/\*/ { comment = 1 }
{
	code = $0
	if (comment || code ~ /^[ \t]*\/\*/) {
		comment = code !~ /\*\//
		next
	}
	gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
	gsub(/'([^'\\]|\\.)*'/, "''", code)
	sub(/\/\*.*/, "", code)
}
# A function begins with its brace alone in the first column; its head ended the line before.
code == "{" && head ~ /\)$/ {
	start = FNR
	name = head
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
	depth = deepest = 0
	flat = 0
	parameters(head)
}
start && FNR > start {
	if (code ~ /^[ \t]*}/ && code !~ /^[ \t]*}[;,]/ && depth > 0)
		depth--
	# An initialiser's braces are no nesting.
	if (code ~ /(\)|else|do) *{$/ && ++depth > deepest)
		deepest = depth
	if (depth == 1 && code ~ /switch *\(.*{$/)
		flat = 1
}
start && code == "}" {
	if (FNR - start - 1 > 60 && !flat)
		bad(start, name " has " FNR - start - 1 " lines (most 60)")
	if (deepest > 4)
		bad(start, name " nests " deepest " deep (most 4)")
	start = 0
}
{
	if (code ~ /^[a-z_].*[(,]/ && code !~ /;$/)
		head = code ~ /\($/ || head_open ? head code : code
	else if (head_open)
		head = head code
	head_open = head !~ /\)$/ && head != "" && code !~ /[;{}]$/
	if (code ~ /[;{}]$/)
		head = ""
}
function parameters(text,    list, n) {
	list = text
	sub(/^[^(]*\(/, "", list)
	sub(/\)$/, "", list)
	while (gsub(/\([^()]*\)/, "", list))
		;
	sub(/, *struct err \*err$/, "", list) # where the reason goes is no argument
	n = gsub(/,/, ",", list) + 1
	if (text ~ /struct MHD_Connection \*/)
		return # the type of a function that a library calls is not ours to choose
	if (n > 6)
		bad(FNR, name " has " n " parameters (most 6)")
}
# Columns of UTF-8: continuation bytes take none, in whatever locale awk runs.
function length_of(text,    rest) {
	rest = text
	gsub(/[\200-\277]/, "", rest)
	return length(rest)
}
function bad(at, what) {
	printf "%s:%d: %s\n", file, at, what
	failed = 1
}
function file_end() {
	if (lines > (header ? 200 : 600))
		printf "%s: %d lines (most %d)\n", file, lines, header ? 200 : 600
	if (lines > (header ? 200 : 600))
		failed = 1
}
END {
	file_end()
	exit failed
}
