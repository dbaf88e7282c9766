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


def broken_rules(text, fields):
    """Rules 2 to 5 of the readme, of the files as they stand."""
    wrong = []
    plain = re.sub(r"//[^\n]*", "", text)
    wrong += ["'optional' is used: " + line.strip() for line in plain.splitlines()
              if re.match(r"\s*optional\s", line)]
    wrong += ["'required' or a default is used: " + line.strip() for line in plain.splitlines()
              if re.match(r"\s*required\s|.*\[\s*default", line)]
    numbers, names = {}, {}
    for (message, number), what in fields.items():
        kind, name = what.split(" ")
        if kind == "value":
            if number == "0" and not name.endswith("_UNSPECIFIED"):
                wrong.append("the first value of %s is %s" % (message, name))
            continue
        if (message, name) in names:
            wrong.append("%s has %s twice" % (message, name))
        names[(message, name)] = number
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
            wrong.append("%s.%s is not in lower case with underscores" % (message, name))
        if re.search(r"(^|_)(time|duration|timeout|at|wall|work|runtime|cpu)$", name):
            wrong.append("%s.%s is a time and does not end in _ms" % (message, name))
        if name.endswith("_ms") and kind not in ("uint64", "int64"):
            wrong.append("%s.%s is a time of type %s" % (message, name, kind))
        numbers.setdefault(message, []).append(int(number))
    for kind, name in re.findall(r"(enum)\s+(\w+)\s*\{", plain):
        if (name, "0") not in fields:
            wrong.append("%s has no value 0" % name)
    for block in re.findall(r"oneof\s+(\w+)\s*\{([^}]*)\}", plain):
        inside = re.findall(r"(\w+)\s*=\s*\d+", block[1])
        if block[0].startswith("has_") and inside != [block[0][4:]]:
            wrong.append("oneof %s holds %s" % (block[0], ", ".join(inside)))
    return wrong


def doubled_numbers(text):
    """A number given twice in one message: the table of fields cannot show it."""
    wrong, stack, seen = [], [], {}
    for line in re.sub(r"//[^\n]*", "", text).splitlines():
        opened = re.match(r"\s*(message|enum|oneof)\s+(\w+)\s*\{", line)
        if opened:
            stack.append(opened.group(2) if opened.group(1) != "oneof" else stack[-1])
        elif line.strip().startswith("}"):
            stack.pop()
        elif stack and "reserved" not in line:
            for number in re.findall(r"=\s*(\d+)\s*[;\[]", line):
                if (stack[-1], number) in seen:
                    wrong.append("%s uses %s twice" % (stack[-1], number))
                seen[(stack[-1], number)] = True
    return wrong


def stored_names(fields):
    """Every message that the table of kinds names is there: its name is the type in the log."""
    table = open(os.path.join(ROOT, "server", "domain", "event", "kinds.c")).read()
    messages = {message for message, _ in fields}
    used = re.findall(r"gadugi__(\w+)__descriptor", table)
    camel = {"".join(word.capitalize() for word in name.split("_")) for name in used}
    return ["%s is in no file" % name for name in sorted(camel - messages)] + \
        ([] if len(camel) > 25 else ["only %d kinds were found" % len(camel)])


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
    check("the_rules_are_kept", broken_rules(text, fields) + doubled_numbers(text))
    check("every_kind_has_its_message", stored_names(fields))
    # these notice, too
    rules = {"an_optional_field": ("string topic = 3;", "optional string topic = 3;"),
             "a_time_without_its_unit": ("int64 time_ms = 11;", "int64 time = 11;"),
             "a_time_of_another_type": ("int64 time_ms = 11;", "string time_ms = 11;"),
             "a_first_value_with_a_meaning": ("PRIORITY_UNSPECIFIED = 0;", "PRIORITY_NONE = 0;"),
             "a_camel_case_name": ("string topic = 3;", "string topicName = 3;"),
             "a_oneof_with_company": ("int32 exit_code = 7;\n  }", "int32 exit_code = 7;\n    int32 other = 99;\n  }")}
    for name, (old, new) in rules.items():
        changed = text.replace(old, new)
        check(name + "_is_noticed", [] if changed != text and broken_rules(changed, fields_of(changed)[0]) else ["not"])
    twice = text.replace("string topic = 3;", "string topic = 3;\n  string other = 3;")
    check("a_number_used_twice_is_noticed", [] if doubled_numbers(twice) else ["not"])
    doc = open(os.path.join(ROOT, "protos", "README.md")).read()
    check("every_file_is_in_the_readme", [os.path.basename(p) for p in
          glob.glob(os.path.join(ROOT, "protos", "*.proto")) if os.path.basename(p) not in doc])


main()
sys.exit(failed)
