#!/bin/sh
# A report is one page that needs nothing else, and no text from outside can put a mark into it.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
cat >agent.sh <<'EOF'
#!/bin/sh
[ "$GADUGI_TASK_ID" = two ] && [ "$GADUGI_ATTEMPT" = 1 ] && { echo '</title><script>alert(3)</script>' >&2; exit 3; }
echo "$GADUGI_TASK_ID" >"done-$GADUGI_TASK_ID"
EOF
chmod +x agent.sh
mkdir -p .gadugi
printf 'agents:\n  demo: {command: [%s/agent.sh]}\ndefaults: {agent: demo, jobs: 2}\n' "$PWD" >.gadugi/config
cat >plan.json <<'EOF'
{"title": "<script>alert(1)</script> & \"more\"", "tasks": [{"id": "one", "title": "One <img src=x onerror=alert(2)>", "estimateMinutes": 10},
 {"id": "two", "title": "Two", "estimateMinutes": 10, "dependsOn": ["one"]}]}
EOF
run "$gadugi" orchestrate plan.json
ends the_run_succeeds 0

run "$gadugi" report -o run.html
ends a_report_is_written 0
has its_file_is_named 'written to run.html' "$out"
page=$(cat run.html)
has it_is_a_page '<!doctype html>' "$page"
hasnt a_title_puts_no_mark_into_it '<script' "$page"
hasnt a_task_puts_no_mark_into_it '<img' "$page"
has the_title_is_there_escaped '&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;' "$page"
has an_error_is_there_escaped '&lt;/title&gt;&lt;script&gt;alert(3)' "$page"
hasnt it_takes_nothing_from_the_network 'http' "$(printf '%s' "$page" | sed 's/http-equiv//')"
has it_forbids_all_that_is_not_in_it "default-src 'none'" "$page"
has it_has_colours_for_dark_rooms 'prefers-color-scheme:dark' "$page"
has its_timeline_has_a_lane_for_each_worker 'worker 1' "$page"
has its_attempts_are_on_it 'two, attempt 2, demo: merged' "$page"
has what_failed_is_found 'retry-waste' "$page"
is it_is_closed '</html>' "$(tail -n 1 run.html)"
run "$gadugi" report
is the_same_run_is_the_same_page "$page" "$out"
run "$gadugi" report -o run.md
has markdown_by_the_name_of_the_file '# Report' "$(cat run.md)"
hasnt it_puts_no_mark_into_markdown '<script' "$(cat run.md)"
run "$gadugi" report --format json
has json_when_asked_for '"runId"' "$out"
run "$gadugi" report -o nowhere/run.html
ends a_folder_that_is_not_there_fails 1
has it_is_named 'nowhere/run.html' "$err"
is nothing_is_left_behind 'agent.sh plan.json run.html run.md' "$(echo *)"
run "$gadugi" report --format pdf
ends an_unknown_format_fails 1

cat >s.jsonl <<'EOF'
{"type":"user","sessionId":"s","timestamp":"2026-01-01T00:00:00.000Z","cwd":"/p","message":{"content":"go"}}
{"type":"assistant","sessionId":"s","timestamp":"2026-01-01T00:00:01.000Z","requestId":"r","message":{"id":"m","model":"<b>model</b>","content":[{"type":"tool_use","id":"c","name":"<i>Tool</i>","input":{"command":"x"}}],"usage":{"input_tokens":1234567,"output_tokens":5}}}
{"type":"user","sessionId":"s","timestamp":"2026-01-01T00:00:02.000Z","message":{"content":[{"type":"tool_result","tool_use_id":"c","is_error":true,"content":"no \u0007<u>\u00e9"}]}}
EOF
run "$gadugi" report s.jsonl
ends sessions_have_a_page_too 0
has with_their_tokens '1,234,567' "$out"
has and_their_tools '&lt;i&gt;Tool&lt;/i&gt;' "$out"
hasnt a_tool_puts_no_mark_into_it '<i>Tool' "$out"
hasnt nor_does_a_model '<b>model' "$out"
finish
