# Text files into C: each becomes the constant that its first argument pair names.
# awk -f editors/embed.awk NAME=FILE...
BEGIN {
	print "#include \"cli/editors.h\"\n"
	for (i = 1; i < ARGC; i++) {
		split(ARGV[i], pair, "=")
		printf "const char %s[] =\n", pair[1]
		while ((getline line < pair[2]) > 0) {
			gsub(/\\/, "&&", line)
			gsub(/"/, "\\\"", line)
			printf "\t\"%s\\n\"\n", line
		}
		print "\t;"
	}
}
