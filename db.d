db.o: server/store/db.h server/base/arena.h server/base/err.h
server/base/arena.h:
server/base/err.h:
