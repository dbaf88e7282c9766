arena.o: server/base/arena.h
