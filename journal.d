journal.o: server/store/journal.h server/base/arena.h server/store/db.h \
 server/base/err.h
server/base/arena.h:
server/store/db.h:
server/base/err.h:
