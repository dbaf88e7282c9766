call.o: server/base/call.h server/base/arena.h server/base/err.h
server/base/arena.h:
server/base/err.h:
