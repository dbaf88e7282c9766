# The workflows that ship with the program, as a table of C. awk -f embed.awk FILE.yaml...
BEGIN {
	print "#include \"domain/run/workflow.h\"\n"
	print "const struct workflow_text workflow_texts[] = {"
	for (i = 1; i < ARGC; i++) {
		name = ARGV[i]
		sub(/.*\//, "", name)
		sub(/\.yaml$/, "", name)
		printf "\t{ \"%s\",\n", name
		while ((getline line < ARGV[i]) > 0) {
			gsub(/\\/, "&&", line)
			gsub(/"/, "\\\"", line)
			printf "\t  \"%s\\n\"\n", line
		}
		print "\t},"
	}
	print "\t{ 0 },\n};"
}
