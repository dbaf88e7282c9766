#!/bin/sh
# An agent that gives no sign of life is ended; each sign alone keeps it: a word, work, a changed file.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
cat >agent.py <<'X'
#!/usr/bin/env python3
import os, time
task, end = os.environ["GADUGI_TASK_ID"], time.monotonic() + 3.5
while time.monotonic() < end or task == "nothing":
    if task == "talks":
        print("still here", flush=True)
    if task == "writes":
        os.makedirs("deep/er", exist_ok=True)
        open("deep/er/%d" % (time.monotonic() * 4), "w").close()
    pause = time.monotonic() + 0.25
    while time.monotonic() < pause:
        if task != "works":
            time.sleep(0.25)
open(task, "w").close()
X
chmod +x agent.py
cat >.gadugi/config <<'X'
agents: {demo: {command: [./agent.py]}}
defaults: {agent: demo, jobs: 4, retries: 1, stallMinutes: 0.02}
X
git add agent.py && git -c user.name=T -c user.email=t@e commit -qm agent
run "$gadugi" call orchestrate '{"tasks":[{"id":"talks","title":"T"},{"id":"works","title":"C"},
 {"id":"writes","title":"W"},{"id":"nothing","title":"N"}],"waitSeconds":60}'
state() {
	printf '%s' "$out" | python3 -c '
import json, sys
t = {t["id"]: t for t in json.load(sys.stdin)["tasks"]}[sys.argv[1]]
print(t["state"], len(t["attempts"]), t.get("cause", ""))' "$1"
}
is output_alone_is_a_sign_of_life 'succeeded 1 ' "$(state talks)"
is work_alone_is_a_sign_of_life 'succeeded 1 ' "$(state works)"
is a_changed_file_alone_is_a_sign_of_life 'succeeded 1 ' "$(state writes)"
has without_any_it_has_stalled 'timed_out 2 stalled: no output, no work and no file changed' "$(state nothing)"
finish
