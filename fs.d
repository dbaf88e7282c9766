fs.o: server/sys/fs.h server/base/arena.h server/base/err.h
server/base/arena.h:
server/base/err.h:
