lock.o: server/sys/lock.h server/base/err.h
server/base/err.h:
