project.o: server/domain/project.h server/base/call.h server/base/arena.h \
 server/base/err.h server/base/clock.h server/store/db.h
server/base/call.h:
server/base/arena.h:
server/base/err.h:
server/base/clock.h:
server/store/db.h:
