"""The messages keep the promises of protos/README.md: what a release wrote can be read for ever.

protos/released.txt lists every field of the last release. A field of it must still be there with
its number and type, or be reserved by number and name. `test_protos.py --write` makes the list
anew, for a release.
"""
import glob
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LIST = os.path.join(ROOT, "protos", "released.txt")
failed = False


def check(name, wrong):
    global failed
    print(("not ok " if wrong else "ok ") + name)
    for line in wrong:
        failed = True
        print("    " + line)


def fields_of(text):
    """({(message, number): 'type name'}, {message: set of reserved numbers and names})."""
    fields, reserved, stack = {}, {}, []
    for line in re.sub(r"//[^\n]*", "", text).splitlines():
        line = line.strip()
        opened = re.match(r"(message|enum|oneof)\s+(\w+)\s*\{", line)
        if opened:
            kind, name = opened.groups()
            stack.append((kind, name if kind != "oneof" else stack[-1][1]))
        elif line.startswith("}"):
            stack.pop()
        elif line.startswith("reserved") and stack:
            got = reserved.setdefault(stack[-1][1], set())
            got.update(re.findall(r"\d+", line))
            got.update(re.findall(r'"(\w+)"', line))
        elif stack:
            field = re.match(r"((?:repeated\s+)?[\w.]+(?:<[^>]*>)?)\s+(\w+)\s*=\s*(\d+)\s*[;\[]", line)
            value = re.match(r"(\w+)\s*=\s*(\d+)\s*[;\[]", line)
            if field:
                kind = re.sub(r"\s+", "", field.group(1).replace("repeated", "repeated:"))
                fields[(stack[-1][1], field.group(3))] = kind + " " + field.group(2)
            elif value and stack[-1][0] == "enum":
                fields[(stack[-1][1], value.group(2))] = "value " + value.group(1)
    return fields, reserved


def broken_promises(released, fields, reserved):
    wrong = []
    for (message, number), what in released.items():
        now = fields.get((message, number))
        name = what.split(" ")[1]
        if now == what:
            continue
        if now is None and {number, name} <= reserved.get(message, set()):
            continue
        wrong.append("%s %s was '%s' and is %s" % (message, number, what, now or "gone"))
    return wrong


def read_all():
    text = "\n".join(open(p).read() for p in sorted(glob.glob(os.path.join(ROOT, "protos", "*.proto"))))
    return text, *fields_of(text)


def read_list():
    released = {}
    for line in open(LIST):
        message, number, what = line.rstrip("\n").split(" ", 2)
        released[(message, number)] = what
    return released


def main():
    text, fields, reserved = read_all()
    if sys.argv[1:] == ["--write"]:
        with open(LIST, "w") as out:
            for (message, number), what in sorted(fields.items(), key=lambda f: (f[0][0], int(f[0][1]))):
                out.write("%s %s %s\n" % (message, number, what))
        return
    released = read_list()
    check("every_released_field_is_as_it_was", broken_promises(released, fields, reserved))
    check("the_list_is_not_empty", [] if len(released) > 150 else [str(len(released))])
    # the check itself notices what it is for
    other = {"another_type": text.replace("string topic = 3;", "bytes topic = 3;"),
             "another_number": text.replace("string topic = 3;", "string topic = 33;"),
             "a_field_gone": text.replace("string topic = 3;", ""),
             "a_message_gone": text.replace("message MemoryStored", "message MemoryKept")}
    for name, changed in other.items():
        check(name + "_is_noticed", [] if broken_promises(released, *fields_of(changed)) else ["not"])
    kept = text.replace("string topic = 3;", 'reserved 3; reserved "topic"; bytes matter = 40;')
    check("a_reserved_field_may_go", broken_promises(released, *fields_of(
        kept.replace("; reserved", ";\nreserved").replace("; bytes", ";\nbytes"))))
    doc = open(os.path.join(ROOT, "protos", "README.md")).read()
    check("every_file_is_in_the_readme", [os.path.basename(p) for p in
          glob.glob(os.path.join(ROOT, "protos", "*.proto")) if os.path.basename(p) not in doc])


main()
sys.exit(failed)
