event.o: server/domain/event.h server/base/arena.h server/base/err.h \
 server/store/db.h
server/base/arena.h:
server/base/err.h:
server/store/db.h:
