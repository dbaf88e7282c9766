repo.o: server/sys/repo.h server/base/arena.h server/base/err.h
server/base/arena.h:
server/base/err.h:
