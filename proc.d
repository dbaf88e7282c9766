proc.o: server/sys/proc.h server/base/arena.h server/base/err.h \
 server/sys/sandbox.h
server/base/arena.h:
server/base/err.h:
server/sys/sandbox.h:
