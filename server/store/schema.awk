# Makes build/gen/schema.c: every numbered schema file as one string of a table.
BEGIN {
	print "#include \"store/schema.h\"\n"
	print "const struct schema_step schema_steps[] = {"
}
FNR == 1 {
	if (NR > 1)
		print "\t},"
	n = split(FILENAME, part, "/")
	printf "\t{ %d, \"%s\",\n", part[n] + 0, part[n]
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	if ($0 !~ /^[ \t]*(--|$)/)
		print "\t  \"" $0 "\\n\""
}
END {
	print "\t},\n\t{ 0 },\n};"
}
