sandbox.o: server/sys/sandbox.h server/base/err.h
server/base/err.h:
