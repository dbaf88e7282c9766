plan.o: server/domain/plan.h server/base/arena.h server/base/err.h \
 server/base/json.h
server/base/arena.h:
server/base/err.h:
server/base/json.h:
