text.o: server/base/text.h server/base/arena.h
server/base/arena.h:
