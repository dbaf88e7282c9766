"""What does a child cost, beside posix_spawn?"""
import os
import subprocess

mode = os.path.basename(os.environ["BUILD"])
subprocess.run(["make", "--no-print-directory", "MODE=" + mode, "build/%s/bench/spawn" % mode], check=True, stdout=subprocess.DEVNULL)
subprocess.run(["build/%s/bench/spawn" % mode, "1000"], check=True)
